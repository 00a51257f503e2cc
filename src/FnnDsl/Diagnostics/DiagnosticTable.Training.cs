namespace FeedbackNN.Dsl.Diagnostics;

// 5xxx: training.
public static partial class DiagnosticTable
{
    public static readonly DiagnosticRow NothingMinimized = Error("FNN5001", "Nothing to minimise", "'{0}' minimises nothing: a train needs 'minimize ... with ...'");

    public static readonly DiagnosticRow PatternMatchesNothing = Error("FNN5002", "Path matches nothing", "'{0}' matches no parameter");

    public static readonly DiagnosticRow UnknownNet = Error("FNN5003", "Unknown network", "'{0}' is no network of this train{1}");

    public static readonly DiagnosticRow UnknownOptimizer = Error("FNN5004", "Unknown optimizer", "'{0}' is no optimizer; there are {1}");

    public static readonly DiagnosticRow UnknownSchedule = Error("FNN5005", "Unknown schedule", "'{0}' is no schedule; there are {1}");

    public static readonly DiagnosticRow BadSetting = Error("FNN5006", "Setting without meaning", "'{0}' of '{1}': {2}");

    public static readonly DiagnosticRow LossNotDifferentiable = Error("FNN5007", "Loss is not a float tensor", "a loss is a float tensor, but this is {0}");

    public static readonly DiagnosticRow MetricNotReduced = Error("FNN5008", "Metric is not a number over all batches", "a metric is made of mean, sum, max and min over everything, so that it can be added up over batches; this is {0}");

    public static readonly DiagnosticRow LossWithoutParameters = Error("FNN5009", "Loss trains nothing", "no parameter that may be trained has a part in this loss");

    public static readonly DiagnosticRow EveryNotPositive = Error("FNN5010", "'every' of no steps", "'every' is followed by a whole number of at least 1, not {0}");

    public static readonly DiagnosticRow BadClip = Error("FNN5011", "Unknown clip", "clip is global_norm(x) or value(x) with a number above 0");

    public static readonly DiagnosticRow ClipTwice = Error("FNN5012", "Clipped twice", "'clip' stands once in a train");

    public static readonly DiagnosticRow MetricTwice = Error("FNN5013", "Metric twice", "there is a metric '{0}' already");

    public static readonly DiagnosticRow StatementInTrain = Error("FNN5014", "Not in a train", "{0} does not stand in a train");

    public static readonly DiagnosticRow NetTwice = Error("FNN5015", "Network twice", "there is a network '{0}' already");

    public static readonly DiagnosticRow TrainingStatementInBody = Error("FNN5016", "Only in a train", "'{0}' stands in a train only");

    public static readonly DiagnosticRow NotCompiledYet = Error("FNN5017", "Right, but not compiled in this version", "this is right, but '{0}' is only checked in this version, and nothing is made of it: {1}");

    public static readonly DiagnosticRow StatementTwice = Error("FNN5018", "Said twice in a train", "'{0}' stands once {1}");

    public static readonly DiagnosticRow AccumulateCount = Error("FNN5019", "Number of batches", "'accumulate' is followed by a whole number of batches, at least 1, known at build; this is {0}");

    public static readonly DiagnosticRow AverageShare = Error("FNN5030", "Share of a moving average", "'average' keeps a share between 0 and 1 of what it had, such as 0.999; this is {0}");

    public static readonly DiagnosticRow UnknownPrecision = Error("FNN5031", "Unknown precision", "'{0}' is no precision; there are {1}");

    public static readonly DiagnosticRow BadLora = Error("FNN5032", "Low rank that does not fit", "{0}");
}
