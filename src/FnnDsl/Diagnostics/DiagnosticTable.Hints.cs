namespace FeedbackNN.Dsl.Diagnostics;

// 6xxx: hints. Nothing is wrong, but something could be better.
public static partial class DiagnosticTable
{
    public static readonly DiagnosticRow UnnamedLayer = Hint("FNN6001", "Layer without a name", "this layer gets the name '{0}' by its place; naming it keeps checkpoints readable when lines move");

    public static readonly DiagnosticRow HidesLibrary = Hint("FNN6002", "Hides a name of the library", "this '{0}' stands for the library's '{0}' in this namespace");

    public static readonly DiagnosticRow MapUnbounded = Hint("FNN6003", "Fixed point of an unbounded map", "nothing keeps '{0}' from growing: without a bounded function (tanh, sigmoid) or a norm on the way round, there may be no fixed point");
}
