using System.CommandLine;
using FeedbackNN.Tool;
using FeedbackNN.Tool.LanguageServer;

// The fnn command: its subcommands are one file each.
var root = new RootCommand("Works with .fnn files, in which FeedbackNN's networks and trainings are declared.")
{
    CheckCommand.Create(Console.Out, Console.Error),
    FormatCommand.Create(Console.Out, Console.Error),
    CostCommand.Create(Console.Out, Console.Error),
    PlanCommand.Create(Console.Out, Console.Error),
    GraphCommand.Create(Console.Out, Console.Error),
    ExportCommand.Create(Console.Out, Console.Error),
    NewCommand.Create(Console.Out, Console.Error),
    ExplainCommand.Create(Console.Out, Console.Error),
    LanguageServerCommand.Create(),
};
var parsed = root.Parse(args);
var exitCode = parsed.Invoke();
return parsed.Errors.Count > 0 ? ExitCodes.BadArguments : exitCode;
