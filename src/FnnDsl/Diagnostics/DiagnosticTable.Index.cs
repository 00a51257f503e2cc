namespace FeedbackNN.Dsl.Diagnostics;

// 31xx: index notation.
public static partial class DiagnosticTable
{
    public static readonly DiagnosticRow IndexUnknown = Error("FNN3101", "Unknown index", "'{0}' is no index here: {1}");

    public static readonly DiagnosticRow IndexRangeOpen = Error("FNN3102", "Range not fixed", "nothing says how far '{0}' runs{1}");

    public static readonly DiagnosticRow IndexRangesDiffer = Error("FNN3103", "One index, two sizes", "'{0}' runs over {1} here, but over {2} before");

    public static readonly DiagnosticRow IndexCount = Error("FNN3104", "Number of indices", "'{0}' is {1} and takes {2}, not {3}");

    public static readonly DiagnosticRow IndexHides = Error("FNN3105", "Index with the name of something else", "'{0}' is {1} here; an index needs a name of its own");

    public static readonly DiagnosticRow IndexTwice = Error("FNN3106", "Index twice", "'{0}' is an index already");

    public static readonly DiagnosticRow IndicesMissing = Error("FNN3107", "Indices missing", "'{0}' is {1}: here it needs {2}");

    public static readonly DiagnosticRow IndexNotAffine = Error("FNN3108", "Index too complicated", "'{0}' is no sum of indices with fixed steps, such as 2*i + j, and no tensor of integers");

    public static readonly DiagnosticRow IndexOutOfBounds = Error("FNN3109", "Index out of bounds", "'{0}' goes {1}, but this axis of '{2}' has {3}");

    public static readonly DiagnosticRow IndexNotInteger = Error("FNN3110", "Index is no integer", "'{0}' is {1}; an index is a tensor of i32 or i64");

    public static readonly DiagnosticRow SliceInIndexNotation = Error("FNN3111", "Slice in index notation", "a slice gives several elements, but index notation is about one");

    public static readonly DiagnosticRow EllipsisNotDeclared = Error("FNN3113", "'...' without a place", "'...' stands neither on the left nor in a reducer's brackets");

    public static readonly DiagnosticRow WholeTensorOperation = Error("FNN3114", "Operation on whole tensors", "{0} works on whole tensors, but index notation is about one element");

    public static readonly DiagnosticRow ReduceElement = Error("FNN3115", "Reduction of this element type", "'{0}' takes numbers, not {1}");
}
