using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// The parse of one declaration: its tokens, and what has gone wrong furthest to the right. Of all that a parser would have
/// accepted, only what it wanted at the rightmost place it reached is reported.
/// </summary>
internal sealed class ParseSession
{
    /// <summary>How deep brackets, and expressions without brackets, may nest.</summary>
    public const int DeepestNesting = 256;

    /// <summary>How many right sides of operators may be open at once: a bound for the stack, which no readable expression meets.</summary>
    public const int DeepestRightSides = 2 * DeepestNesting;

    /// <summary>How deep blocks, and chains of <c>else if</c>, may nest: they cost a parser more stack than brackets do.</summary>
    public const int DeepestBlock = 64;

    private readonly TokenInput?[] _inputs;
    private readonly int[] _partners;
    private readonly List<string> _expected = [];
    private int _failedAt = -1;
    private int _failedOpening = -1;
    private bool _failureReported;
    private Construct _failedIn = Construct.Statement;

    /// <param name="tokens">The last one is an <see cref="TokenKind.End"/>.</param>
    public ParseSession(SourceText source, Token[] tokens, DiagnosticBag diagnostics)
    {
        Source = source;
        Tokens = tokens;
        Diagnostics = diagnostics;
        var kinds = new char[tokens.Length];
        for (var i = 0; i < kinds.Length; i++) kinds[i] = tokens[i].Kind;
        Kinds = new string(kinds);
        _inputs = new TokenInput?[tokens.Length];
        _partners = FindPartners(Kinds);
    }

    public SourceText Source { get; }

    public Token[] Tokens { get; }

    public string Kinds { get; }

    public DiagnosticBag Diagnostics { get; }

    public Dictionary<object, object> Memos { get; } = [];

    /// <summary>The form that is being parsed.</summary>
    public Construct Construct { get; set; } = Construct.Statement;

    /// <summary>Whether the declaration is a <c>train</c>, whose body has statements of its own.</summary>
    public bool IsTrain { get; set; }

    /// <summary>Whether the declaration is a <c>model</c>, which may have a budget.</summary>
    public bool IsModel { get; set; }

    /// <summary>How many blocks are open where the parser stands.</summary>
    public int BlockDepth { get; set; }

    /// <summary>How many feedback blocks are open where the parser stands.</summary>
    public int FeedbackDepth { get; set; }

    /// <summary>How many brackets and signs are open where the parser stands.</summary>
    public int Depth { get; set; }

    /// <summary>How many right sides of operators are open where the parser stands.</summary>
    public int RightSides { get; set; }

    /// <summary>How many links the chain of <c>else if</c> has where the parser stands.</summary>
    public int ChainLength { get; set; }

    public TokenInput At(int index) => _inputs[index] ??= new TokenInput(this, index);

    /// <summary>The index of the bracket that belongs to the one at <paramref name="index"/>, or -1.</summary>
    public int Partner(int index) => _partners[index];

    public TextSpan Span(int first, int end) =>
        end > first ? TextSpan.FromBounds(Tokens[first].Span.Start, Tokens[end - 1].Span.End) : new TextSpan(Tokens[first].Span.Start, 0);

    public Location Locate(TextSpan span) => new(Source, span);

    // ---- Failure ---------------------------------------------------------------------------------------------------

    /// <summary>Notes that <paramref name="expected"/> would have been right at a token.</summary>
    /// <param name="opening">When a closing bracket was expected: the index of its partner.</param>
    public void Fail(int index, string expected, int opening = -1)
    {
        if (index < _failedAt || (_failureReported && index == _failedAt)) return;
        if (index > _failedAt)
        {
            _failedAt = index;
            _failedOpening = -1;
            _failureReported = false;
            _failedIn = Construct;
            _expected.Clear();
        }
        if (!_expected.Contains(expected)) _expected.Add(expected);
        if (opening >= 0) _failedOpening = opening;
    }

    /// <summary>Notes that parsing can't go on at a token, for a reason that has been reported.</summary>
    public void FailSilently(int index)
    {
        _failedAt = Math.Max(index, _failedAt);
        _failureReported = true;
    }

    public void ForgetFailure()
    {
        _failedAt = -1;
        _failedOpening = -1;
        _failureReported = false;
        _expected.Clear();
    }

    /// <summary>Reports the failure furthest to the right, and gives the index of its token.</summary>
    public int ReportFailure()
    {
        var at = Math.Max(_failedAt, 0);
        if (!_failureReported) SyntaxErrors.ReportUnexpected(this, at, _expected, _failedIn, _failedOpening);
        ForgetFailure();
        return at;
    }

    public void Report(DiagnosticRow row, TextSpan span, string? fix, params object[] arguments) =>
        Diagnostics.Report(row, Locate(span), fix, EquatableArray<Label>.Empty, arguments);

    private static int[] FindPartners(string kinds)
    {
        var partners = new int[kinds.Length];
        var open = new Stack<int>();
        for (var i = 0; i < kinds.Length; i++)
        {
            partners[i] = -1;
            if (TokenKind.Opens(kinds[i])) open.Push(i);
            else if (TokenKind.Closes(kinds[i]))
            {
                // A wrong bracket between two that fit is passed over; a brace ends whatever is open inside it.
                if (kinds[i] == TokenKind.CloseBrace)
                {
                    while (open.Count > 0 && kinds[open.Peek()] != TokenKind.OpenBrace) open.Pop();
                }
                if (open.Count == 0 || TokenKind.ClosingOf(kinds[open.Peek()]) != kinds[i]) continue;
                partners[i] = open.Pop();
                partners[partners[i]] = i;
            }
            else if (kinds[i] == TokenKind.Separator)
            {
                while (open.Count > 0 && kinds[open.Peek()] != TokenKind.OpenBrace) open.Pop();
            }
        }
        return partners;
    }
}
