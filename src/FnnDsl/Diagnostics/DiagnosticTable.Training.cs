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

    public static readonly DiagnosticRow StatementTwice = Error("FNN5018", "Said twice in a train", "'{0}' stands once {1}");

    public static readonly DiagnosticRow AccumulateCount = Error("FNN5019", "Number of batches", "'accumulate' is followed by a whole number of batches, at least 1, known at build; this is {0}");

    public static readonly DiagnosticRow AverageShare = Error("FNN5030", "Share of a moving average", "'average' keeps a share between 0 and 1 of what it had, such as 0.999; this is {0}");

    public static readonly DiagnosticRow RateFactor = Error("FNN5048", "Share of a learning rate", "'rate' is followed by how much of the optimizer's learning rate the weights take, a number above 0 known at build; this is {0}");

    public static readonly DiagnosticRow UnknownPrecision = Error("FNN5031", "Unknown precision", "'{0}' is no precision; there are {1}");

    public static readonly DiagnosticRow BadLora = Error("FNN5032", "Low rank that does not fit", "{0}");

    // ---- Pipelines and names of checkpoints ---------------------------------------------------------------------

    public static readonly DiagnosticRow UnknownTrain = Error("FNN5033", "Unknown train", "there is no train '{0}'");

    public static readonly DiagnosticRow NetsUnfit = Error("FNN5034", "Networks of another train", "'{0}' trains ({1}), but {2}");

    public static readonly DiagnosticRow StageTwice = Error("FNN5035", "Stage twice", "there is a stage '{0}' already");

    public static readonly DiagnosticRow UnknownStage = Error("FNN5036", "Unknown stage", "there is no stage '{0}' above");

    public static readonly DiagnosticRow StageUnfit = Error("FNN5037", "Stage that takes nothing", "'{0}' is {1}: neither data nor epochs stand behind it");

    public static readonly DiagnosticRow CountUnfit = Error("FNN5038", "Not a number of rounds", "a whole number of {0}, at least 1, is expected, not {1}");

    public static readonly DiagnosticRow TransferUnfit = Error("FNN5039", "Weights that don't fit", "'{0}' can't take the weights of '{1}': {2}");

    public static readonly DiagnosticRow DataUnfit = Error("FNN5040", "Data of another type", "'{0}' has samples of {1}, but {2} takes {3}");

    public static readonly DiagnosticRow EvaluatedOnFitted = Error("FNN5041", "Evaluated on what it was fitted on", "'{0}' is fitted on as well: what is measured here would praise what was learnt by heart");

    public static readonly DiagnosticRow UnknownChoice = Error("FNN5042", "Unknown choice of data", "'{0}' chooses nothing; there are {1}");

    public static readonly DiagnosticRow PipelineCondition = Error("FNN5043", "Not a condition of a pipeline", "'{0}' decides nothing: {1}");

    public static readonly DiagnosticRow NeverEvaluatedAgain = Error("FNN5044", "Loop that can't end by its condition", "the body never evaluates '{0}' again: the condition stays what it is");

    public static readonly DiagnosticRow NameMissing = Error("FNN5045", "Weights without a name", "every weight of '{0}' needs a name, and there is none for {1}");

    public static readonly DiagnosticRow NamedTwice = Error("FNN5046", "Named twice", "'{0}' has a place already");

    public static readonly DiagnosticRow CheckpointUnfit = Error("FNN5055", "Place in a file that does not fit", "this place in a file does not fit the weight: {0}");

    public static readonly DiagnosticRow SampleOutside = Error("FNN5047", "Draws outside of a generate", "'{0}' draws what comes next, which stands in a generate only");

    public static readonly DiagnosticRow ConfidentUnfit = Error("FNN5070", "Answers that no label takes", "'confident' has no answers for '{0}': {1}");

    public static readonly DiagnosticRow NotATrainFamily = Error("FNN5072", "Not a family of trains", "'{0}' is not a family of trains{1}");

    public static readonly DiagnosticRow TrainIsFamily = Error("FNN5073", "Family where a train is run", "'{0}' is a family of trains, of which a member can be run: {1}");

    public static readonly DiagnosticRow NotInEveryMember = Error("FNN5074", "Reported by some members of a family", "'{0}' stands directly in the body of a family of trains: all its members report the same");

    public static readonly DiagnosticRow MemberUnfit = Error("FNN5075", "Member that does not fit its family", "'{0}' can't be a member of '{1}': {2}");

    public static readonly DiagnosticRow TrainWithoutSamples = Error("FNN5071", "Train whose batches are no samples", "a pipeline trains on samples, and the batches of '{0}' are not made of them: {1}");
}
