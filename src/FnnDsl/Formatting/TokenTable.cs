using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>A file as the formatter sees it: its tokens, what stands between them, and what they are for.</summary>
/// <param name="Gaps">Before each token, and at last the one at the end of the file.</param>
/// <param name="Declarations">The index of each declaration's first token, ascending.</param>
/// <param name="BehindLineEnd">Whether a token begins a statement because the line above ends one.</param>
internal sealed record TokenTable(
    SourceText Source, Token[] Tokens, Gap[] Gaps, TokenRole[] Roles, IReadOnlyList<int> Declarations, bool[] BehindLineEnd)
{
    /// <param name="file">A file without syntax errors.</param>
    public static TokenTable Of(FileSyntax file)
    {
        var source = file.Source;
        var tokens = Lexer.Run(source, new DiagnosticBag()).Tokens;
        var declarations = DeclarationSplitter.FindStarts(source, tokens);
        return new TokenTable(
            source,
            tokens,
            ReadGaps(source.Text, tokens),
            TokenRoles.Find(tokens, declarations, file),
            declarations,
            FindLineEnds(tokens, declarations));
    }

    public int Count => Tokens.Length;

    /// <summary>The kind of a token; <see cref="TokenKind.End"/> outside of the file. The braces of a <c>{i}</c> are parts of a name.</summary>
    public char Kind(int index) =>
        index < 0 || index >= Tokens.Length ? TokenKind.End
        : Roles[index] is TokenRole.HoleStart or TokenRole.HoleRest ? TokenKind.Name
        : Tokens[index].Kind;

    public bool IsDeclaration(int index) => Roles[index] == TokenRole.DeclarationWord;

    /// <summary>Whether a token begins a statement or a declaration.</summary>
    public bool BeginsStatement(int index) =>
        BehindLineEnd[index] || IsDeclaration(index)
        || (Kind(index - 1) is TokenKind.Separator or TokenKind.OpenBrace && Kind(index) != TokenKind.CloseBrace);

    private static Gap[] ReadGaps(string text, Token[] tokens)
    {
        var gaps = new Gap[tokens.Length + 1];
        var end = 0;
        for (var i = 0; i < tokens.Length; i++)
        {
            gaps[i] = Gap.Read(text, end, tokens[i].Span.Start);
            end = tokens[i].Span.End;
        }
        gaps[tokens.Length] = Gap.Read(text, end, text.Length);
        return gaps;
    }

    // The parser's own layout says where lines end statements: it has a separator of no length there.
    private static bool[] FindLineEnds(Token[] tokens, IReadOnlyList<int> declarations)
    {
        var found = new bool[tokens.Length];
        for (var k = 0; k < declarations.Count; k++)
        {
            var index = declarations[k];
            var end = k + 1 < declarations.Count ? declarations[k + 1] : tokens.Length;
            foreach (var token in StatementLayout.Run(tokens, index, end))
            {
                if (token.Kind == TokenKind.Separator && token.Span.Length == 0) found[index] = true;
                else index++;
            }
        }
        return found;
    }
}
