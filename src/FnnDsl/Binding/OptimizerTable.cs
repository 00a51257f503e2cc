using FeedbackNN.Dsl.Operators;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Optimizers and schedules with their settings, in the order in which they may stand without names. Defaults are PyTorch's.
/// </summary>
internal static class OptimizerTable
{
    /// <param name="Default">Null: it must be given.</param>
    /// <param name="Check">What a number must be, in words, or null when it is right.</param>
    internal sealed record Setting(string Name, double? Default, Func<double, string?> Check);

    internal sealed record Row(string Name, Setting[] Settings)
    {
        /// <summary>Of a schedule: the settings that are rates. Where all are 0, nothing is learnt.</summary>
        public string[] Rates { get; init; } = [];
    }

    private static readonly Setting LearningRate = new("lr", 1e-3, AtLeastZero);

    // Whether parameters with one axis or none decay too: biases, gains of norms.
    private static readonly Setting DecayVectors = new("decay_vectors", 1, Truth);

    public static IReadOnlyList<Row> Optimizers { get; } =
    [
        new("sgd", [LearningRate, new("momentum", 0, BelowOne), new("dampening", 0, Any), new("weight_decay", 0, AtLeastZero), new("nesterov", 0, Truth), DecayVectors]),
        new("adam", [LearningRate, new("beta1", 0.9, BelowOne), new("beta2", 0.999, BelowOne), new("eps", 1e-8, AtLeastZero), new("weight_decay", 0, AtLeastZero), DecayVectors]),
        new("adamw", [LearningRate, new("beta1", 0.9, BelowOne), new("beta2", 0.999, BelowOne), new("eps", 1e-8, AtLeastZero), new("weight_decay", 0.01, AtLeastZero), DecayVectors]),
    ];

    public static IReadOnlyList<Row> Schedules { get; } =
    [
        new("constant", [new("value", null, AtLeastZero)]) { Rates = ["value"] },
        new("cosine", [new("start", null, AtLeastZero), new("total", null, Positive), new("end", 0, AtLeastZero)]) { Rates = ["start", "end"] },
        new("linear", [new("start", null, AtLeastZero), new("end", 0, AtLeastZero), new("total", null, Positive)]) { Rates = ["start", "end"] },
        new("warmup_cosine", [new("peak", null, AtLeastZero), new("warmup", null, AtLeastZero), new("total", null, Positive), new("end", 0, AtLeastZero)]) { Rates = ["peak", "end"] },
        new("step", [new("start", null, AtLeastZero), new("every", null, Positive), new("factor", 0.1, AtLeastZero)]) { Rates = ["start"] },
    ];

    public static Row? FindOptimizer(string name) => Optimizers.FirstOrDefault(row => row.Name == name);

    public static Row? FindSchedule(string name) => Schedules.FirstOrDefault(row => row.Name == name);

    private static string? Any(double value) => ScalarFunctions.IsFinite(value) ? null : NotFinite;

    private static string? Positive(double value) => !ScalarFunctions.IsFinite(value) ? NotFinite : value > 0 ? null : "must be above 0";

    private static string? AtLeastZero(double value) => !ScalarFunctions.IsFinite(value) ? NotFinite : value >= 0 ? null : "must not be below 0";

    private const string NotFinite = "must be a finite number";

    private static string? BelowOne(double value) => value is >= 0 and < 1 ? null : "must be at least 0 and below 1";

    private static string? Truth(double value) => value is 0 or 1 ? null : "is true or false";
}
