using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace FeedbackNN.Generator.Tests;

/// <summary>Holds the rules of ARCHITECTURE.md on who may know whom.</summary>
public class ArchitectureTests
{
    /// <summary>
    /// The namespaces of the compiler: each may know those of the rows before its own. Operators and graphs share a row, because an
    /// operator's derivative is written as a graph.
    /// </summary>
    private static readonly string[][] Order =
    [
        ["Text"], ["Diagnostics"], ["Types"], ["Operators", "Graphs"], ["Syntax"], ["Formatting"], ["Interpretation"], ["Derivatives"], ["Outlines"], ["Binding"], ["Names"], ["Passes"], ["Planning"],
    ];

    /// <summary>What the order would allow and we don't: only the binder knows the tree, and nothing after it reports errors.</summary>
    private static readonly (string From, string To)[] Forbidden =
    [
        ("Graphs", "Diagnostics"), ("Operators", "Diagnostics"), ("Passes", "Syntax"), ("Passes", "Diagnostics"), ("Derivatives", "Syntax"), ("Derivatives", "Diagnostics"), ("Derivatives", "Interpretation"),
        ("Interpretation", "Syntax"), ("Interpretation", "Diagnostics"), ("Planning", "Syntax"), ("Planning", "Diagnostics"),
    ];

    [Fact]
    public void The_compiler_references_nothing_but_Sprache()
    {
        var references = typeof(Dsl.Text.SourceText).Assembly.GetReferencedAssemblies().Select(name => name.Name!).Order();
        Assert.Equal(["Sprache", "netstandard"], references);
    }

    [Fact]
    public void The_names_that_models_must_not_have_are_those_of_the_runtime()
    {
        var types = new[] { "FeedbackNN.Runtime", "FeedbackNN.Runtime.Gpu" }.SelectMany(name => Assembly.Load(name).GetExportedTypes())
            .Where(type => !type.IsNested && type.Namespace is "FeedbackNN" or "FeedbackNN.Cpu" or "FeedbackNN.Gpu")
            .Select(type => type.Name.Split('`')[0]).Distinct().ToArray();
        Assert.NotEmpty(types);
        Assert.All(types, name => Assert.True(Dsl.Binding.RuntimeNames.Contains(name), name));
    }

    [Fact]
    public void The_runtime_knows_neither_the_compiler_nor_a_GPU_library()
    {
        var runtime = Assembly.Load("FeedbackNN.Runtime");
        Assert.DoesNotContain(runtime.GetReferencedAssemblies(), name => name.Name is "FnnDsl" or "Sprache" or "ILGPU" or "ILGPU.Algorithms");
        Assert.All(runtime.GetReferencedAssemblies(), name => Assert.StartsWith("System.", name.Name));
    }

    [Fact]
    public void The_GPU_runtime_knows_the_runtime_and_ILGPU_alone()
    {
        var references = Assembly.Load("FeedbackNN.Runtime.Gpu").GetReferencedAssemblies().Select(name => name.Name!).Where(name => !name.StartsWith("System.", StringComparison.Ordinal)).Order();
        Assert.Equal(["FeedbackNN.Runtime", "ILGPU"], references);
    }

    [Fact]
    public void Namespaces_of_the_compiler_depend_in_one_direction()
    {
        var known = Dependencies().ToList();
        Assert.NotEmpty(known);
        var wrong =
            from dependency in known
            let isBackwards = Row(dependency.To) > Row(dependency.From)
            where isBackwards || Forbidden.Contains((dependency.From, dependency.To))
            select $"{dependency.From} knows {dependency.To}: {dependency.Place}";
        Assert.True(!wrong.Any(), string.Join("\n", wrong));
    }

    [Fact]
    public void Every_namespace_of_the_compiler_has_its_place_in_the_order()
    {
        var folders = Directory.GetDirectories(SourceFolder()).Select(path => Path.GetFileName(path)!).Except(["bin", "obj", "Library"]);
        Assert.Equal([], folders.Except(Order.SelectMany(row => row)));
    }

    /// <summary>Each use of a type of one namespace in another, found by the C# compiler in the source, so that bodies of methods count too.</summary>
    private static IEnumerable<(string From, string To, string Place)> Dependencies()
    {
        var trees = Directory.GetFiles(SourceFolder(), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}") && !path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}"))
            .Append(null)
            .Select(path => CSharpSyntaxTree.ParseText(
                path is null ? "global using System; global using System.Collections.Generic; global using System.Linq;" : File.ReadAllText(path),
                new CSharpParseOptions(LanguageVersion.Preview), path ?? ""))
            .ToList();
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "FnnDsl.dll")
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create("FnnDsl", trees, references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        // Only names of the compiler's types are looked up: asking for the meaning of every name takes half a minute.
        var types = trees.SelectMany(tree => tree.GetRoot().DescendantNodes().OfType<BaseTypeDeclarationSyntax>()).Select(type => type.Identifier.ValueText).ToHashSet();
        return trees.SelectMany(tree => Dependencies(tree, compilation.GetSemanticModel(tree), types));
    }

    private static IEnumerable<(string From, string To, string Place)> Dependencies(SyntaxTree tree, SemanticModel model, HashSet<string> types)
    {
        var root = tree.GetRoot();
        if (root.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault() is not { } declared) yield break;
        if (Stage(declared.Name.ToString()) is not { } from) yield break;
        foreach (var name in root.DescendantNodes().OfType<SimpleNameSyntax>())
        {
            if (!types.Contains(name.Identifier.ValueText) || name.FirstAncestorOrSelf<UsingDirectiveSyntax>() is not null) continue;
            if (model.GetSymbolInfo(name).Symbol is not { } symbol) continue;
            // A constructor's name is bound to the constructor.
            var type = symbol as INamedTypeSymbol ?? (symbol as IMethodSymbol)?.ContainingType;
            if (Stage(type?.ContainingNamespace?.ToDisplayString()) is not { } to || to == from) continue;
            yield return (from, to, $"{Path.GetFileName(tree.FilePath)}({name.GetLocation().GetLineSpan().StartLinePosition.Line + 1}): {name}");
        }
    }

    /// <summary>The part after <c>FeedbackNN.Dsl.</c>; null for the compiler's root, which knows everything, and for foreign namespaces.</summary>
    private static string? Stage(string? name)
    {
        const string prefix = "FeedbackNN.Dsl.";
        return name?.StartsWith(prefix, StringComparison.Ordinal) == true ? name[prefix.Length..].Split('.')[0] : null;
    }

    private static int Row(string stage) => Array.FindIndex(Order, row => row.Contains(stage));

    private static string SourceFolder() => Repository.PathOf("src", "FnnDsl");
}
