using System.Runtime.CompilerServices;
using System.Threading;
using FeedbackNN.Dsl.Syntax;
using Microsoft.CodeAnalysis;
using RoslynText = Microsoft.CodeAnalysis.Text.SourceText;
using SourceText = FeedbackNN.Dsl.Text.SourceText;

namespace FeedbackNN.Generator.Compilation;

/// <summary>
/// Reads and parses the project's <c>.fnn</c> files, each text once: the analyzer and the generator see the same text objects, so the syntax
/// tree hangs on the text and goes away with it.
/// </summary>
internal static class SourceFiles
{
    private static readonly ConditionalWeakTable<RoslynText, ParsedText> Trees = new();

    public static bool IsSource(AdditionalText file) => file.Path.EndsWith(".fnn", StringComparison.OrdinalIgnoreCase);

    /// <summary>The file's tree. A file that names no namespace gets the project's root namespace.</summary>
    public static FileSyntax Parse(AdditionalText file, string rootNamespace, CancellationToken cancellation)
    {
        var text = file.GetText(cancellation) ?? RoslynText.From("");
        var known = Trees.GetValue(text, _ => ParsedText.Of(file.Path, text, rootNamespace));
        // One text object under two paths or root namespaces is possible, if unusual: then only the first is remembered.
        return known.Fits(file.Path, rootNamespace) ? known.File : ParsedText.Of(file.Path, text, rootNamespace).File;
    }

    private sealed class ParsedText(string path, string rootNamespace, FileSyntax file)
    {
        public FileSyntax File => file;

        public bool Fits(string otherPath, string otherNamespace) => path == otherPath && rootNamespace == otherNamespace;

        public static ParsedText Of(string path, RoslynText text, string rootNamespace)
        {
            var file = FnnParser.Parse(new SourceText(path, text.ToString()));
            return new ParsedText(path, rootNamespace, file.Namespace is null ? file with { Namespace = rootNamespace } : file);
        }
    }
}
