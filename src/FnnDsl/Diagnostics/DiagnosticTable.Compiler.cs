namespace FeedbackNN.Dsl.Diagnostics;

// 9xxx: failures of the compiler itself.
public static partial class DiagnosticTable
{
    /// <summary>A mistake of ours, never of the user: reported at the declaration so that the rest of the project still compiles.</summary>
    public static readonly DiagnosticRow CompilerFailure = Error("FNN9000", "The FeedbackNN compiler failed", "the FeedbackNN compiler failed on '{0}': {1}");
}
