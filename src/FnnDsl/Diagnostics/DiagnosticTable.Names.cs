using System.Reflection;

namespace FeedbackNN.Dsl.Diagnostics;

// 2xxx: names and declarations.
public static partial class DiagnosticTable
{
    public static readonly DiagnosticRow UnknownName = Error("FNN2001", "Unknown name", "there is no '{0}' here");

    public static readonly DiagnosticRow DuplicateDeclaration = Error("FNN2002", "Declared twice", "'{0}' is declared twice in namespace '{1}'");

    public static readonly DiagnosticRow NameTaken = Error("FNN2003", "Name taken", "'{0}' is {1} here; a value needs a name of its own");

    public static readonly DiagnosticRow UnknownMember = Error("FNN2004", "Unknown member", "'{0}' has no '{1}'");

    public static readonly DiagnosticRow DimWithoutValue = Error("FNN2005", "Dim without a value", "the dim '{0}' has no value: {1}");

    public static readonly DiagnosticRow UnknownArgument = Error("FNN2006", "Unknown argument", "'{0}' has no argument '{1}'");

    public static readonly DiagnosticRow MissingArgument = Error("FNN2007", "Argument missing", "'{0}' needs '{1}': {2}");

    public static readonly DiagnosticRow TooManyArguments = Error("FNN2008", "Too many arguments", "'{0}' takes {1}, not {2}");

    public static readonly DiagnosticRow ArgumentTwice = Error("FNN2009", "Argument given twice", "'{0}' gets '{1}' twice");

    public static readonly DiagnosticRow NotCallable = Error("FNN2010", "Not something to call", "{0} can't be called");

    public static readonly DiagnosticRow NotAModel = Error("FNN2011", "Not a model", "'{0}' is not a model{1}");

    public static readonly DiagnosticRow EndlessRecursion = Error("FNN2012", "Recursion without end", "'{0}' calls itself more than {1} deep; a recursion needs an int that falls, and an 'if' that ends it");

    public static readonly DiagnosticRow UnknownType = Error("FNN2013", "Unknown type", "'{0}' is no type; element types are f32, f64, i32, i64, bool and real; config is dim, int, f32, bool or fn");

    public static readonly DiagnosticRow TypeOfLaterVersion = Error("FNN2014", "Type not in this version", "'{0}' is not in this version; use {1}");

    public static readonly DiagnosticRow ParameterTwice = Error("FNN2015", "Name twice in a signature", "'{0}' stands twice in this signature");

    public static readonly DiagnosticRow StorageOutsideLayer = Error("FNN2016", "Weights outside a layer", "{0} stands in a layer or a model; {1} has no weights");

    public static readonly DiagnosticRow StorageTwice = Error("FNN2017", "Weights declared twice", "'{0}' is declared twice: two {1} would have one place in checkpoints");

    public static readonly DiagnosticRow NotABuffer = Error("FNN2018", "Not a buffer", "'<-' updates a buffer or a state, but '{0}' is {1}");

    public static readonly DiagnosticRow BadCheckpointName = Error("FNN2019", "Bad checkpoint name", "this name can't be made: {0}");

    public static readonly DiagnosticRow NotYetKnown = Error("FNN2020", "Not known yet", "'{0}' is known only after the first use of '{1}', which gives its sizes");

    public static readonly DiagnosticRow NameOfRuntime = Error("FNN2021", "Name of a C# type", "'{0}' is also the name of a C# type or member that generated code uses");

    public static readonly DiagnosticRow ConstNeedsItself = Error("FNN2023", "Const that needs itself", "the value of '{0}' needs '{0}' itself");

    public static readonly DiagnosticRow ConstIsRandom = Error("FNN2024", "Const with chance in it", "a const is known at build, and this draws at random: each run would have another '{0}'");

    public static readonly DiagnosticRow NameOfAxisType = Error("FNN2022", "Name of an axis", "'{0}' is also the C# type of the axis '{1}' in this namespace");

    public static readonly DiagnosticRow SizesAlike = Error("FNN2025", "Two sizes of one name in C#", "'{0}' and '{1}' are one name in C#, and this signature has both");

    /// <summary>All rows that are fields of this class, so that a new row needs no second entry.</summary>
    static partial void AddOtherRows(List<DiagnosticRow> rows)
    {
        foreach (var field in typeof(DiagnosticTable).GetFields(BindingFlags.Public | BindingFlags.Static))
        {
            if (field.GetValue(null) is DiagnosticRow row && !rows.Contains(row)) rows.Add(row);
        }
    }
}
