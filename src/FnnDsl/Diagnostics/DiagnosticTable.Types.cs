namespace FeedbackNN.Dsl.Diagnostics;

// 3xxx: element types, axes and sizes.
public static partial class DiagnosticTable
{
    public static readonly DiagnosticRow ShapeMismatch = Error("FNN3001", "Shapes don't fit", "{0} does not go with {1}: {2}");

    public static readonly DiagnosticRow ElementMismatch = Error("FNN3002", "Element types differ", "{0} does not go with {1}: {2} and {3} mix only where it is written");

    public static readonly DiagnosticRow ElementUnfit = Error("FNN3003", "Wrong element type", "'{0}' takes {1}, not {2}");

    public static readonly DiagnosticRow ArgumentShape = Error("FNN3004", "Argument does not fit", "'{0}' takes {1} as '{2}', but this is {3}: {4}");

    public static readonly DiagnosticRow ArgumentElement = Error("FNN3005", "Argument of another element type", "'{0}' takes {1} as '{2}', but this is {3}");

    public static readonly DiagnosticRow NotATensor = Error("FNN3006", "Not a tensor", "{0} takes a tensor, but this is {1}");

    public static readonly DiagnosticRow NotASize = Error("FNN3007", "Not a size", "a size is expected here, but this is {0}");

    public static readonly DiagnosticRow NotWhole = Error("FNN3008", "Division with a remainder", "{0} / {1} is not a whole number");

    public static readonly DiagnosticRow DivisionUnproven = Error("FNN3009", "Division not known to be exact", "nothing says that {1} divides {0}");

    public static readonly DiagnosticRow NoSuchAxis = Error("FNN3010", "No such axis", "{0} has no axis {1}");

    public static readonly DiagnosticRow AmbiguousAxis = Error("FNN3011", "Which axis?", "{0} has more than one axis '{1}'; name it by position");

    public static readonly DiagnosticRow IndexOutOfRange = Error("FNN3012", "Index out of range", "{0} is outside an axis of {1}");

    public static readonly DiagnosticRow SliceOutOfRange = Error("FNN3013", "Slice out of range", "{0} does not fit an axis of {1}");

    public static readonly DiagnosticRow TooManySubscripts = Error("FNN3014", "Too many subscripts", "{0} subscripts for {1}");

    public static readonly DiagnosticRow ReshapeMismatch = Error("FNN3015", "Reshape changes the number of elements", "{0} has {1} elements, [{2}] has {3}");

    public static readonly DiagnosticRow MatrixMismatch = Error("FNN3016", "Matrix product does not fit", "{0} @ {1}: {2}");

    public static readonly DiagnosticRow ResultMismatch = Error("FNN3017", "Result of another type", "'{0}' says that it returns {1}, but this is {2}");

    public static readonly DiagnosticRow ResultCount = Error("FNN3018", "Number of results", "'{0}' returns {1}, not {2}");

    public static readonly DiagnosticRow NoReturn = Error("FNN3019", "Nothing returned", "'{0}' ends without a return");

    public static readonly DiagnosticRow NotBuildTime = Error("FNN3020", "Not known at build", "{0} must be known at build, but this is {1}");

    public static readonly DiagnosticRow WhereFails = Error("FNN3021", "Condition does not hold", "'{0}' demands {1}, but {2}");

    public static readonly DiagnosticRow WhereUnclear = Error("FNN3022", "Condition can't be decided", "a 'where' compares sizes or build-time values; this can't be decided");

    public static readonly DiagnosticRow BadConfig = Error("FNN3023", "Wrong kind of config", "'{0}' of '{1}' is {2}, but this is {3}");

    public static readonly DiagnosticRow AxisUnbound = Error("FNN3024", "Axis without a size", "nothing gives '{0}' a size: it must stand by itself as an axis of an input");

    public static readonly DiagnosticRow EllipsisHere = Error("FNN3025", "'...' can't stand here", "{0}");

    public static readonly DiagnosticRow StorageSizeUnknown = Error("FNN3026", "Weights of unknown size", "'{0}' needs sizes known at build, but {1} is known at run time only");

    public static readonly DiagnosticRow StorageElement = Error("FNN3027", "Weights of this element type", "weights are f32 in this version; '{0}' would be {1}");

    public static readonly DiagnosticRow InstanceDisagrees = Error("FNN3028", "Layer used with other sizes", "'{0}' has {1} from its first use, but here it would be {2}");

    public static readonly DiagnosticRow DestructuringCount = Error("FNN3029", "Number of names", "{0} names for {1}");

    public static readonly DiagnosticRow CannotSplit = Error("FNN3030", "Can't be split evenly", "an axis of {0} can't be split into {1} equal parts");

    public static readonly DiagnosticRow BadInitializer = Error("FNN3031", "Unknown initialiser", "'{0}' is no initialiser; there are {1}, and numbers");

    public static readonly DiagnosticRow OperandKind = Error("FNN3032", "Operator does not apply", "'{0}' does not apply to {1}");

    public static readonly DiagnosticRow IntegerDivision = Error("FNN3033", "Division of integers", "'/' on {0} would lose what remains");

    public static readonly DiagnosticRow BadArgumentValue = Error("FNN3034", "Argument has no meaning here", "{0}");

    public static readonly DiagnosticRow RepeatCount = Error("FNN3035", "Number of copies", "'repeat' makes 0 to {0} copies, not {1}");

    public static readonly DiagnosticRow SizeNotPositive = Error("FNN3036", "Size below zero", "an axis can't have the size {0}");

    public static readonly DiagnosticRow NumberUnfit = Error("FNN3037", "Number does not fit", "{0} is no {1}");

    public static readonly DiagnosticRow SizeTooLarge = Error("FNN3038", "Number too large", "sizes here grow past what can be counted with: 64-bit integers, and formulas of 10000 terms");

    public static readonly DiagnosticRow TooDeep = Error("FNN3039", "Nested too deep", "this is nested too deep to be checked; give its parts names of their own");

    public static readonly DiagnosticRow AxisTooLong = Error("FNN3040", "Axis too long", "an axis can't have the size {0}: the longest has 2147483647 elements");

    public static readonly DiagnosticRow TooMuchToUnfold = Error("FNN3041", "Too much to unfold", "this unfolds to more than {0} statements: a recursion that uses itself twice, or a 'repeat' inside another, multiplies");

    public static readonly DiagnosticRow AfterReturn = Error("FNN3042", "Statement after a return", "this stands after 'return', which ends the body: it is never computed");

    public static readonly DiagnosticRow StorageTooLarge = Error("FNN3043", "Weights too large", "'{0}' would have {1} elements: the most is 2147483647");

    public static readonly DiagnosticRow OverBudget = Error("FNN3050", "Over budget", "'{0}' needs {1}{2}, and its budget is {3}; most of it: {4}");

    public static readonly DiagnosticRow BudgetUnit = Error("FNN3051", "Unknown unit", "'{0}' is no unit of {1}; there are {2}");

    public static readonly DiagnosticRow BudgetAxis = Error("FNN3052", "Not a run-time axis", "'{0}' is no run-time axis of '{1}': {2}");

    public static readonly DiagnosticRow BudgetAxisMissing = Error("FNN3053", "Budget without a size", "what '{0}' needs depends on {1}: a budget gives each run-time axis a size");

    public static readonly DiagnosticRow BudgetTwice = Error("FNN3054", "Budget given twice", "{0} is given twice");

    public static readonly DiagnosticRow BudgetUnclear = Error("FNN3055", "Budget without a meaning", "{0}");
}
