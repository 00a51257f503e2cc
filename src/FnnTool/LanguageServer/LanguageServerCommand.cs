using System.CommandLine;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary><c>fnn lsp</c>: the language server, which editors start and speak with over its standard input and output.</summary>
internal static class LanguageServerCommand
{
    // As much as the main thread has on most systems: what nests too deep is then the same as for 'fnn check'.
    private const int StackSize = 8 * 1024 * 1024;

    public static Command Create()
    {
        // What some editors pass on by themselves.
        var stdio = new Option<bool>("--stdio") { Description = "Speaks over standard input and output, as it always does.", Hidden = true };
        var command = new Command("lsp", "Serves editors that speak the Language Server Protocol, over standard input and output.") { stdio };
        command.SetAction(_ => Run(Console.OpenStandardInput(), Console.OpenStandardOutput()));
        return command;
    }

    /// <summary>Serves one editor until it says goodbye or is gone.</summary>
    /// <returns>0 after 'shutdown' and 'exit', else 1.</returns>
    public static int Run(Stream input, Stream output)
    {
        var exitCode = 1;
        var thread = new Thread(() => exitCode = new Server(new MessageStream(input, output)).Run(), StackSize);
        thread.Start();
        thread.Join();
        return exitCode;
    }
}
