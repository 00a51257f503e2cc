namespace FeedbackNN.Dsl.Diagnostics;

// 6xxx: hints and warnings. The program means something, but hardly what was meant, or it could be better.
public static partial class DiagnosticTable
{
    public static readonly DiagnosticRow UnnamedLayer = Hint("FNN6001", "Layer without a name", "this layer gets the name '{0}' by its place; naming it keeps checkpoints readable when lines move");

    public static readonly DiagnosticRow HidesLibrary = Hint("FNN6002", "Hides a name of the library", "this '{0}' stands for the library's '{0}' in this namespace");

    public static readonly DiagnosticRow MapUnbounded = Hint("FNN6003", "Fixed point of an unbounded map", "nothing keeps '{0}' from growing: without a bounded function (tanh, sigmoid) or a norm on the way round, there may be no fixed point");

    public static readonly DiagnosticRow NeverUsed = Warning("FNN6004", "Named and never used", "nothing uses {0} '{1}'");

    public static readonly DiagnosticRow WeightNotReached = Warning("FNN6005", "Weights that no loss reaches", "no loss of this train reaches {0}: training leaves {1}");

    public static readonly DiagnosticRow AppliedTwice = Warning("FNN6006", "Function applied twice", "'{0}' does its own {1}, and this has been through '{2}' already");

    public static readonly DiagnosticRow MayBeZero = Warning("FNN6007", "Logarithm of or division by what can be zero", "{0} is {1} here: {2}");

    public static readonly DiagnosticRow ResultNeverRead = Hint("FNN6008", "Evaluation that decides nothing", "nothing in this pipeline asks what '{0}' found");

    public static readonly DiagnosticRow OverUnsaid = Warning("FNN6009", "Loss that changes what another is for", "this loss has no 'over', and so changes {0} too, which another loss of this train is for");

    public static readonly DiagnosticRow NotFinite = Warning("FNN6010", "Number that is not finite", "{0} is {1}{2}");

    public static readonly DiagnosticRow NothingLearnt = Warning("FNN6011", "Rate of 0 at every step", "this rate is 0 at every step: this train measures, and its steps leave all weights as they are");

    public static readonly DiagnosticRow FamilyWithoutMembers = Hint("FNN6012", "Family of trains without members", "'{0}' is a family of trains, and none of them is declared: nothing can be run");

    public static readonly DiagnosticRow IdleIgnore = Hint("FNN6020", "Comment that turns nothing off", "this comment turns nothing off: {0}");
}
