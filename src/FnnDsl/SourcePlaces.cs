using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl;

/// <summary>Turns an <see cref="Origin"/> back into a place in a file: the line of its token, from its first token on.</summary>
public static class SourcePlaces
{
    /// <summary>Null for what is nowhere in the user's files.</summary>
    public static Location? LineOf(ModuleScope scope, Origin origin)
    {
        // What a program does without being told to, such as copying an input that a model hands on, has no place.
        if (origin.Declaration is null || scope.FindByFullName(origin.Declaration) is not { } symbol) return null;
        var tokens = symbol.Syntax.Tokens;
        if (tokens.Count == 0) return null;
        var line = symbol.Source.GetPosition(tokens[Math.Max(0, Math.Min(origin.Token, tokens.Count - 1))]).Line;
        var first = tokens.First(token => symbol.Source.GetPosition(token).Line == line);
        var start = symbol.Source.GetPosition(first).Column;
        return new Location(symbol.Source, new TextSpan(first, Math.Max(1, CodeLength(symbol.Source.GetLine(line)) - start)));
    }

    // Without the comment at its end; quotes stand in checkpoint names only.
    private static int CodeLength(string line)
    {
        var isInString = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"') isInString = !isInString;
            else if (!isInString && line[i] == '/' && i + 1 < line.Length && line[i + 1] == '/') return line.Substring(0, i).TrimEnd().Length;
        }
        return line.TrimEnd().Length;
    }
}
