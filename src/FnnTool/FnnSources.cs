using System.Diagnostics.CodeAnalysis;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool;

/// <summary>The <c>.fnn</c> files of a command line, compiled together as one project would, for commands that show something of their models.</summary>
internal sealed class FnnSources
{
    private FnnSources(ModuleScope scope) => Scope = scope;

    public ModuleScope Scope { get; }

    /// <summary>Reads files that are right. What is wrong is printed, and <paramref name="exitCode"/> says which kind it was.</summary>
    public static bool TryRead(IReadOnlyList<string> paths, TextWriter errors, [NotNullWhen(true)] out FnnSources? sources, out int exitCode)
    {
        sources = null;
        exitCode = ExitCodes.BadArguments;
        if (!FnnFiles.TryFind(paths, errors, out var files)) return false;
        if (!FnnFiles.TryParse(files, errors, out var trees)) return false;
        // A model over its budget is shown all the same: what it costs is why it is looked at.
        var found = FnnCompiler.Check(trees, FnnFiles.RootNamespace).Where(diagnostic => diagnostic.Severity == Severity.Error && diagnostic.Row != DiagnosticTable.OverBudget).ToList();
        foreach (var diagnostic in found) errors.WriteLine(DiagnosticRenderer.Render(diagnostic));
        exitCode = found.Count > 0 ? ExitCodes.FoundErrors : ExitCodes.Success;
        if (found.Count > 0) return false;
        sources = new FnnSources(Binder.Collect(trees, FnnFiles.RootNamespace));
        return true;
    }

    /// <summary>The models of a name, with or without its namespace; all of them without a name. Prints what is wrong with the name.</summary>
    public bool TryFindModels(string? name, TextWriter errors, out IReadOnlyList<DeclarationName> models)
    {
        models = name is null ? Scope.Models.ToList() : Named("model", Scope.Models.ToList(), name, DescribeFor("model", name), errors);
        if (name is null && models.Count == 0) errors.WriteLine("There is no model in these files. A family alone is none: name a member of it, such as model Small = Family(depth: 4).");
        return models.Count > 0;
    }

    /// <summary>The training of a name, with or without its namespace. Prints what is wrong with the name.</summary>
    public bool TryFindTrain(string name, TextWriter errors, out DeclarationName train)
    {
        var found = Named("train", Scope.Trains.ToList(), name, DescribeFor("train", name), errors);
        train = found.FirstOrDefault()!;
        if (found.Count > 1) errors.WriteLine($"There are several trains '{name}': name one of {string.Join(", ", found.Select(item => item.FullName))}.");
        return found.Count == 1;
    }

    // What else a name is: a family, of which members can be looked at, or a train where a model is asked for.
    private string? DescribeFor(string kind, string name)
    {
        if (Scope.FamilyMembers(name, kind == "train") is { } members)
        {
            return $"'{name}' is a family of {kind}s. {(members.Count == 0 ? $"Declare a member: {kind} My{name} = {name}(…)." : $"Name one of its members: {string.Join(", ", members.Select(item => item.FullName))}.")}";
        }
        if (Scope.FamilyMembers(name, kind != "train") is not null) return $"'{name}' is a family of {(kind == "train" ? "models" : "trains")}, not a {kind}. There are {string.Join(", ", (kind == "train" ? Scope.Trains : Scope.Models).Select(item => item.FullName))}.";
        var isOther = (kind == "model" ? Scope.Trains : Scope.Models).Any(item => item.Name == name || item.FullName == name);
        if (!isOther) return null;
        return kind == "train" ? $"'{name}' is a model, not a train: write --model {name}." : $"'{name}' is a train, not a model. Its models are {string.Join(", ", Scope.NetsOf(name).Select(item => item.FullName))}; fnn plan --train {name} shows its own programs.";
    }

    // Those of a name; tells which names there are where there is none.
    private static IReadOnlyList<DeclarationName> Named(string kind, IReadOnlyList<DeclarationName> all, string name, string? instead, TextWriter errors)
    {
        var found = all.Where(item => item.Name == name || item.FullName == name).ToList();
        if (found.Count == 0) errors.WriteLine(instead ?? $"There is no {kind} '{name}'. {(all.Count == 0 ? "There are none in these files." : $"There are {string.Join(", ", all.Select(item => item.FullName))}.")}");
        return found;
    }

    public CompiledTrain CompileTrain(DeclarationName train) => FnnCompiler.CompileTrain(Scope, train.Namespace, train.Name).Result!;

    public CompiledModel Compile(DeclarationName model) => FnnCompiler.CompileModel(Scope, model.Namespace, model.Name).Result!;
}
