namespace FeedbackNN.Dsl.Diagnostics;

/// <summary>
/// The table of codes. This part holds the syntax errors; each other group of codes has a part of its own
/// (<c>DiagnosticTable.Names.cs</c> and so on), which lists its rows in a property of its own.
/// </summary>
public static partial class DiagnosticTable
{
    public static readonly DiagnosticRow UnknownCharacter = Error("FNN1001", "Unknown character", "{0} {1}");

    public static readonly DiagnosticRow UnterminatedString = Error("FNN1002", "String without its closing quote",
        "this string has no closing '\"' on its line");

    public static readonly DiagnosticRow BadNumber = Error("FNN1003", "Not a number", "'{0}' is not a number: {1}");

    public static readonly DiagnosticRow BadEscape = Error("FNN1004", "Unknown escape in a string",
        "'{0}' means nothing in a string; known are \\\" \\\\ \\n \\t \\r");

    public static readonly DiagnosticRow NestingTooDeep = Error("FNN1005", "Nesting too deep",
        "this is nested deeper than {0} levels; give the inner parts names of their own");

    public static readonly DiagnosticRow ForeignSpelling = Error("FNN1006", "Spelling of another language",
        "'{0}' is not part of the language");

    public static readonly DiagnosticRow BracketNotClosed = Error("FNN1007", "Bracket without its partner",
        "expected {0} to close the {1} of line {2}, but found {3}");

    public static readonly DiagnosticRow BracketNotOpened = Error("FNN1008", "Bracket without its partner",
        "'{0}' closes nothing: no bracket is open here");

    public static readonly DiagnosticRow Expected = Error("FNN1010", "Something else was expected",
        "in {2}: expected {0}, but found {1}");

    public static readonly DiagnosticRow DeclarationExpected = Error("FNN1011", "No declaration",
        "a declaration (dim, const, fn, layer, model, train, generate, pipeline, checkpoint) was expected, but found {0}");

    public static readonly DiagnosticRow ComparisonChain = Error("FNN1012", "Comparisons don't chain",
        "comparisons don't chain: '{0}' would compare the answer, true or false, with '{1}'");

    public static readonly DiagnosticRow ValueUnused = Error("FNN1013", "Nothing is done with a value",
        "this line computes a value and does nothing with it");

    public static readonly DiagnosticRow NotInThisVersion = Error("FNN1014", "Not in this version",
        "'{0}' is not in this version of the language: {1}");

    public static readonly DiagnosticRow NamespaceNotFirst = Error("FNN1015", "Namespace not first",
        "'namespace' must be the first declaration of its file, and there is one at most");

    public static readonly DiagnosticRow ReservedWord = Error("FNN1016", "Word of the language used as a name",
        "'{0}' is a word of the language and can't be {1}");

    public static readonly DiagnosticRow ArgumentWithEquals = Error("FNN1017", "Argument named with '='",
        "an argument is named with ':', not with '='");

    public static readonly DiagnosticRow DeclarationInside = Error("FNN1018", "Declaration inside a body",
        "{0} can't be declared inside a body");

    public static readonly DiagnosticRow BadTarget = Error("FNN1019", "Not a target of a binding",
        "only a name, (a, b) or y[i, j] can stand left of '='");

    public static readonly DiagnosticRow StatementElsewhere = Error("FNN1020", "Statement of another kind of declaration",
        "'{0}' belongs in the body of {1}");

    public static readonly DiagnosticRow PipeTarget = Error("FNN1021", "Operator after a pipe",
        "right of '|>' stands what is called, by itself: '{0}' can't follow, as '|>' binds weakest");

    public static readonly DiagnosticRow SeveralParameterLists = Error("FNN1022", "Too many parameter lists",
        "an fn has one list of parameters, which holds tensors and settings alike");

    public static readonly DiagnosticRow OptionTwice = Error("FNN1023", "Option given twice",
        "'{0}' is given twice in one feedback");

    /// <summary>All rows, in the order of their codes.</summary>
    public static IReadOnlyList<DiagnosticRow> All
    {
        get
        {
            var rows = new List<DiagnosticRow>(SyntaxRows);
            AddOtherRows(rows);
            rows.Sort((left, right) => string.CompareOrdinal(left.Code, right.Code));
            return rows;
        }
    }

    /// <summary>The row of a code, in letters of any case; null when there is none.</summary>
    public static DiagnosticRow? Find(string code) => ByCode.Value.TryGetValue(code, out var row) ? row : null;

    // Lazy, as the rows of the other parts may come after it.
    private static readonly Lazy<Dictionary<string, DiagnosticRow>> ByCode = new(() => All.ToDictionary(row => row.Code, StringComparer.OrdinalIgnoreCase));

    private static IEnumerable<DiagnosticRow> SyntaxRows =>
    [
        UnknownCharacter, UnterminatedString, BadNumber, BadEscape, NestingTooDeep, ForeignSpelling, BracketNotClosed, BracketNotOpened,
        Expected, DeclarationExpected, ComparisonChain, ValueUnused, NotInThisVersion, NamespaceNotFirst, ReservedWord,
        ArgumentWithEquals, DeclarationInside, BadTarget, StatementElsewhere, PipeTarget, SeveralParameterLists, OptionTwice,
    ];

    /// <summary>Adds the rows of the other parts.</summary>
    static partial void AddOtherRows(List<DiagnosticRow> rows);

    private static DiagnosticRow Error(string code, string title, string message) => new(code, Severity.Error, title, message);

    private static DiagnosticRow Warning(string code, string title, string message) => new(code, Severity.Warning, title, message);

    private static DiagnosticRow Hint(string code, string title, string message) => new(code, Severity.Hint, title, message);
}
