using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>One comment, from its slashes to the last character that is no white space.</summary>
/// <param name="StartsLine">Whether nothing but white space stands before it on its line.</param>
/// <param name="FollowsBlankLine">Whether at least one empty line stands above it.</param>
internal sealed record Comment(TextSpan Span, bool StartsLine, bool FollowsBlankLine);

/// <summary>What stands between two tokens: comments and line breaks.</summary>
/// <param name="HasLineBreak">Whether the token behind begins a line.</param>
/// <param name="EndsInBlankLine">Whether at least one empty line stands directly above the token behind.</param>
internal sealed record Gap(EquatableArray<Comment> Comments, bool HasLineBreak, bool EndsInBlankLine)
{
    private static readonly Gap OneLine = new(EquatableArray<Comment>.Empty, false, false);

    public bool HasComments => Comments.Count > 0;

    /// <summary>Reads a stretch that holds no token and no foreign comment.</summary>
    public static Gap Read(string text, int start, int end)
    {
        var comments = new List<Comment>();
        // Line breaks since the last comment, or since the token before. The file's first line has begun.
        var lines = start == 0 ? 1 : 0;
        for (var i = start; i < end; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == end || text[i + 1] != '\n'))) lines++;
            else if (text[i] == '/')
            {
                var lineEnd = text.IndexOfAny(['\n', '\r'], i, end - i);
                if (lineEnd < 0) lineEnd = end;
                var length = text.Substring(i, lineEnd - i).TrimEnd().Length;
                comments.Add(new Comment(new TextSpan(i, length), StartsLine: lines > 0, FollowsBlankLine: lines > 1));
                lines = 0;
                i = lineEnd - 1;
            }
        }
        if (comments.Count == 0 && lines == 0) return OneLine;
        return new Gap(comments.ToEquatableArray(), HasLineBreak: true, EndsInBlankLine: lines > 1);
    }
}
