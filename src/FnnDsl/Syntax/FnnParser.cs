using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// Turns the text of a file into its tree: tokens, then declarations cut apart, then each parsed by itself.
/// </summary>
public static class FnnParser
{
    /// <summary>Parses one file. Any text gives a result; nothing is thrown.</summary>
    public static FileSyntax Parse(SourceText source)
    {
        if (source is null) throw new ArgumentNullException(nameof(source));
        var diagnostics = new DiagnosticBag();
        var lexed = Lexer.Run(source, diagnostics);
        var starts = DeclarationSplitter.FindStarts(source, lexed.Tokens);
        var file = new FileParser(source, lexed, diagnostics);
        for (var i = 0; i < starts.Count; i++)
        {
            file.ParsePiece(starts[i], i + 1 < starts.Count ? starts[i + 1] : lexed.Tokens.Length, isFirst: i == 0);
        }
        return file.Finish();
    }
}

/// <summary>Collects the declarations of one file, piece by piece.</summary>
internal sealed class FileParser(SourceText source, LexedFile lexed, DiagnosticBag diagnostics)
{
    private readonly List<Declaration> _declarations = [];
    private readonly List<string> _brokenNames = [];
    private string? _namespace;

    public FileSyntax Finish() => new(source, _namespace, new EquatableArray<Declaration>(_declarations), diagnostics.ToArray())
    {
        BrokenNames = new EquatableArray<string>(_brokenNames),
        IgnoreComments = lexed.IgnoreComments,
    };

    public void ParsePiece(int start, int end, bool isFirst)
    {
        if (ReportDeepBrackets(start, end))
        {
            NoteBrokenName(start, end);
            return;
        }
        var session = new ParseSession(source, StatementLayout.Run(lexed.Tokens, start, end), diagnostics);
        var word = session.Kinds[0] == TokenKind.Name ? session.Tokens[0].Text : "";
        lexed.Docs.TryGetValue(start, out var doc);
        if (word == "namespace") ParseNamespace(session, isFirst);
        else if (word == "dim") ParseDims(session, doc, start);
        else if (DeclarationGrammar.ByWord.TryGetValue(word, out var grammar))
        {
            session.IsTrain = word == "train";
            session.IsModel = word == "model";
            var result = grammar(session.At(0));
            if (!result.WasSuccessful)
            {
                session.ReportFailure();
                NoteBrokenName(start, end);
                return;
            }
            var behind = ((TokenInput)result.Remainder).Index;
            _declarations.Add(result.Value(DeclarationText.Of(session, doc, -1, 0, behind)));
            ReportRest(session, behind);
        }
        else if (SkipSeparators(session, 0) is var index && session.Kinds[index] != TokenKind.End)
        {
            SyntaxErrors.ReportNoDeclaration(session, index);
            NoteBrokenName(start, end);
        }
    }

    private void ParseNamespace(ParseSession session, bool isFirst)
    {
        var result = DeclarationGrammar.Namespace(session.At(0));
        if (!result.WasSuccessful)
        {
            session.ReportFailure();
            return;
        }
        if (isFirst) _namespace = result.Value.Text;
        else session.Report(DiagnosticTable.NamespaceNotFirst, result.Value.Span, "put namespaces of their own in files of their own");
        ReportRest(session, ((TokenInput)result.Remainder).Index);
    }

    private void ParseDims(ParseSession session, string? doc, int start)
    {
        var result = DeclarationGrammar.Dims(session.At(0));
        if (!result.WasSuccessful)
        {
            session.ReportFailure();
            for (var i = 0; i + 1 < session.Kinds.Length; i++)
            {
                var isName = i == 1 || (i > 0 && session.Kinds[i - 1] == TokenKind.Comma) || session.Kinds[i + 1] == TokenKind.Assign;
                if (isName && session.Kinds[i] == TokenKind.Name) _brokenNames.Add(session.Tokens[i].Text);
            }
            return;
        }
        foreach (var item in result.Value)
        {
            // Outside braces the layout adds no tokens, so that places here are places in the file.
            var itemDoc = lexed.Docs.TryGetValue(start + item.Start, out var own) ? own : doc;
            var text = DeclarationText.Of(session, itemDoc, 0, item.Start, item.End);
            _declarations.Add(new DimDeclaration(item.Name, item.Value, text.Doc, text.Tokens, text.TokenText, text.Span));
        }
        var behind = ((TokenInput)result.Remainder).Index;
        if (session.Kinds[behind] == TokenKind.Name && !session.Tokens[behind].StartsLine)
        {
            session.Construct = Construct.Dim;
            session.Fail(behind, "','");
            session.Fail(behind, "the end of the line");
            session.ReportFailure();
        }
        else ReportRest(session, behind);
    }

    // What stands between the end of a declaration and the beginning of the next.
    private void ReportRest(ParseSession session, int index)
    {
        index = SkipSeparators(session, index);
        if (session.Kinds[index] == TokenKind.End) return;
        if (session.Kinds[index] == TokenKind.Name && session.Tokens[index].Text == "quantized") LaterConstructs.Report(session, index);
        else
        {
            SyntaxErrors.ReportNoDeclaration(session, index);
            // modle Net(…)
            if (session.Kinds[index] == TokenKind.Name && session.Kinds[index + 1] == TokenKind.Name) _brokenNames.Add(session.Tokens[index + 1].Text);
        }
    }

    private static int SkipSeparators(ParseSession session, int index)
    {
        while (session.Kinds[index] == TokenKind.Separator) index++;
        return index;
    }

    // Before anything recurses: brackets that nest too deep end the declaration with one error.
    private bool ReportDeepBrackets(int start, int end)
    {
        var brackets = 0;
        var braces = 0;
        for (var i = start; i < end; i++)
        {
            var kind = lexed.Tokens[i].Kind;
            if (kind == TokenKind.OpenBrace) braces++;
            else if (kind == TokenKind.CloseBrace) braces = Math.Max(0, braces - 1);
            else if (TokenKind.Opens(kind)) brackets++;
            else if (TokenKind.Closes(kind)) brackets = Math.Max(0, brackets - 1);
            if (brackets <= ParseSession.DeepestNesting && braces <= ParseSession.DeepestBlock) continue;
            var deepest = braces > ParseSession.DeepestBlock ? ParseSession.DeepestBlock : ParseSession.DeepestNesting;
            diagnostics.Report(DiagnosticTable.NestingTooDeep, new Location(source, lexed.Tokens[i].Span), deepest);
            return true;
        }
        return false;
    }

    // The second token of a declaration is its name.
    private void NoteBrokenName(int start, int end)
    {
        if (start + 1 < end && lexed.Tokens[start + 1].Kind == TokenKind.Name) _brokenNames.Add(lexed.Tokens[start + 1].Text);
    }
}
