using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Generator.Compilation;

/// <summary>
/// Compiles one declaration and makes the best of what went wrong: whatever happens, the rest of the project is compiled, and every failure has a
/// diagnostic.
/// </summary>
internal static class DeclarationCompiler
{
    public static DeclarationResult Compile(ModuleScope scope, DeclarationKey key, SourceLines lines)
    {
        try
        {
            return key.Kind switch
            {
                DeclarationKind.Model => CompileModel(scope, key),
                DeclarationKind.Train => CompileTrain(scope, key),
                DeclarationKind.TrainFamily => CompileTrainFamily(scope, key),
                DeclarationKind.Pipeline => CompilePipeline(scope, key),
                _ => CompileGenerate(scope, key),
            };
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A mistake of ours. Thrown on, it would take all generated code of the project with it.
            return new DeclarationResult(Missing(key), Describe(failure, key, lines));
        }
    }

    private static DeclarationResult CompileModel(ModuleScope scope, DeclarationKey key)
    {
        var (result, signature, diagnostics) = FnnCompiler.CompileModel(scope, key.Namespace, key.Name);
        CompiledDeclaration output = (result, signature) switch
        {
            ({ } compiled, _) => new CompiledModelDeclaration(compiled, key.FileStem),
            (null, { } api) => new BrokenModelDeclaration(api, key.FileStem),
            _ => Missing(key),
        };
        return new DeclarationResult(output, diagnostics);
    }

    private static DeclarationResult CompileTrain(ModuleScope scope, DeclarationKey key)
    {
        var (result, signature, diagnostics) = FnnCompiler.CompileTrain(scope, key.Namespace, key.Name);
        CompiledDeclaration output = (result, signature) switch
        {
            ({ } compiled, _) => new CompiledTrainDeclaration(compiled, key.FileStem),
            (null, { } api) => new BrokenTrainDeclaration(api, key.FileStem),
            _ => Missing(key),
        };
        return new DeclarationResult(output, diagnostics);
    }

    // What is wrong in it is reported with what is checked alone.
    private static DeclarationResult CompileTrainFamily(ModuleScope scope, DeclarationKey key) => new(
        Binder.BindTrainFamily(scope, key.Namespace, key.Name) is { } family ? new CompiledTrainFamilyDeclaration(family, key.FileStem) : Missing(key), EquatableArray<Diagnostic>.Empty);

    private static DeclarationResult CompilePipeline(ModuleScope scope, DeclarationKey key)
    {
        var (result, signature, diagnostics) = FnnCompiler.CompilePipeline(scope, key.Namespace, key.Name);
        CompiledDeclaration output = (result, signature) switch
        {
            ({ } compiled, _) => new CompiledPipelineDeclaration(compiled, key.FileStem),
            (null, { } api) => new BrokenPipelineDeclaration(api, key.FileStem),
            _ => Missing(key),
        };
        return new DeclarationResult(output, diagnostics);
    }

    private static DeclarationResult CompileGenerate(ModuleScope scope, DeclarationKey key)
    {
        var (result, signature, diagnostics) = FnnCompiler.CompileGenerate(scope, key.Namespace, key.Name);
        CompiledDeclaration output = (result, signature) switch
        {
            ({ } compiled, _) => new CompiledGenerateDeclaration(compiled, key.FileStem),
            (null, { } api) => new BrokenGenerateDeclaration(api, key.FileStem),
            _ => Missing(key),
        };
        return new DeclarationResult(output, diagnostics);
    }

    private static MissingDeclaration Missing(DeclarationKey key) => new(key.Namespace, key.Name, key.FileStem);

    private static EquatableArray<Diagnostic> Describe(Exception failure, DeclarationKey key, SourceLines lines)
    {
        if (lines.LocationOf(new DeclarationName(key.Namespace, key.Name)) is not { } location) return EquatableArray<Diagnostic>.Empty;
        var bag = new DiagnosticBag();
        bag.Report(DiagnosticTable.CompilerFailure, location, key.Name, $"{failure.GetType().Name}: {failure.Message}");
        return bag.ToArray();
    }
}
