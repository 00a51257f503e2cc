namespace FeedbackNN.Dsl.Formatting;

/// <summary>What a token is for, where its kind alone does not tell how it is set apart.</summary>
internal enum TokenRole : byte
{
    None,

    /// <summary>The word that begins a declaration.</summary>
    DeclarationWord,

    /// <summary>A bracket that belongs to what stands before it: of a call, a subscript, a type's axes, a parameter list.</summary>
    Attached,

    /// <summary>The brace that begins a <c>{i}</c> in a path. It opens no block.</summary>
    HoleStart,

    /// <summary>What else such a hole consists of.</summary>
    HoleRest,

    /// <summary>The parenthesis of a second parameter list, which may begin a line.</summary>
    SecondList,

    /// <summary>A colon of <c>from:to:step</c>.</summary>
    SliceColon,

    /// <summary>The colon of <c>repeat n as i : h</c>.</summary>
    PathColon,

    /// <summary>The unit behind a budget's number, <c>512MB</c>: there the two stay apart all the same.</summary>
    Unit,

    /// <summary>An operator between two operands, set apart by blanks.</summary>
    Operator,

    /// <summary>One that stays without: the author wrote <c>4*d</c>.</summary>
    TightOperator,
}
