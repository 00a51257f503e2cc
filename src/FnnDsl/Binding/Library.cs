using System.IO;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>The library: the <c>.fnn</c> files that travel inside the compiler, parsed once.</summary>
internal static class Library
{
    private static readonly Lazy<IReadOnlyList<FileSyntax>> Parsed = new(Parse);

    public static IReadOnlyList<FileSyntax> Files => Parsed.Value;

    private static IReadOnlyList<FileSyntax> Parse()
    {
        var assembly = typeof(Library).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".fnn", StringComparison.Ordinal))
            .OrderBy(name => name, StringComparer.Ordinal)
            .Select(name =>
            {
                using var stream = assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The library file {name} is missing.");
                using var reader = new StreamReader(stream);
                return FnnParser.Parse(new SourceText("library/" + name, reader.ReadToEnd()));
            })
            .ToArray();
    }
}
