namespace FeedbackNN.Dsl.Diagnostics;

// 4xxx: feedback and causality.
public static partial class DiagnosticTable
{
    public static readonly DiagnosticRow StateNotUpdated = Error("FNN4001", "State is never updated", "the body never says what comes after '{0}'");

    public static readonly DiagnosticRow StateUpdatedTwice = Error("FNN4002", "State updated twice", "'{0}' has its next value already: a state is updated once a round");

    public static readonly DiagnosticRow StateChangesType = Error("FNN4003", "State changes its type", "'{0}' is {1} in every round, but {2} is {3}: {4}");

    public static readonly DiagnosticRow StateHidden = Error("FNN4004", "State bound anew", "'{0}' is a state: '=' would hide it, and the next round would not see the value");

    public static readonly DiagnosticRow ForgottenName = Error("FNN4005", "Forgotten after the round", "'{0}' is bound outside of this feedback, and what a round binds is forgotten when it ends");

    public static readonly DiagnosticRow NoRounds = Error("FNN4006", "No rounds", "{0} is not a number of rounds: the body would never run");

    public static readonly DiagnosticRow NeverEnds = Error("FNN4007", "Loop that can't end by its condition", "this is the same in every round: the loop ends after the first or runs to the last");

    public static readonly DiagnosticRow EmitLength = Error("FNN4008", "Emit of unknown length", "how many values '{0}' collects is not known: {1}");

    public static readonly DiagnosticRow TruncationTooLong = Error("FNN4009", "Truncation longer than the axis", "truncated after {0} steps, but there are only {1}");

    public static readonly DiagnosticRow OptionUnfit = Error("FNN4010", "Option without meaning", "'{0}' means nothing here: {1}");

    public static readonly DiagnosticRow NotInFeedback = Error("FNN4011", "Not in a feedback block", "{0} can't stand in a feedback block, whose body runs many times");

    public static readonly DiagnosticRow EmitOutside = Error("FNN4012", "Nothing to collect", "'emit' collects a value of each round: it stands in a feedback block");

    public static readonly DiagnosticRow SampleAxes = Error("FNN4013", "One truth for many samples", "{0} is {1}, one for each sample, but '{2}' is {3}, which does not begin with these axes");

    public static readonly DiagnosticRow SourceLengths = Error("FNN4014", "Sources of different lengths", "'{0}' has {1} steps, but '{2}' has {3}");

    public static readonly DiagnosticRow NoDelay = Error("FNN4015", "Feedback without delay", "'{0}' is needed before it is there: {1}");

    public static readonly DiagnosticRow FeedbackKind = Error("FNN4016", "Not what a loop needs", "{0} is {1}, but this is {2}");

    public static readonly DiagnosticRow OuterState = Error("FNN4017", "State of another loop", "'{0}' is a state of the feedback around this one: only that one's body updates it");

    public static readonly DiagnosticRow BadSolver = Error("FNN4018", "Setting of a fixed point", "'{0}': {1}");

    public static readonly DiagnosticRow GrowOutside = Error("FNN4020", "State that grows", "'{0}' grows, which a state does in a generate only: elsewhere it keeps its shape");

    public static readonly DiagnosticRow GrowingAxis = Error("FNN4021", "Not an axis that grows", "{0}");

    public static readonly DiagnosticRow AppendUnfit = Error("FNN4022", "Nothing to append to", "{0}");

    public static readonly DiagnosticRow LooksAhead = Error("FNN4023", "Looks ahead", "'{0}' grows along '{1}' by what this makes of it, but {2}");

    public static readonly DiagnosticRow GrowthUnfit = Error("FNN4024", "Growth of another form", "{0}");

    public static readonly DiagnosticRow EmitTwice = Error("FNN4019", "Collected twice", "'{0}' is collected already: an emit has a name of its own");
}
