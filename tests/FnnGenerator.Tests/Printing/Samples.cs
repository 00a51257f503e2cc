using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Generator.Printing;

namespace FeedbackNN.Generator.Tests.Printing;

/// <summary>Bound models and trainings made by hand: what printers of the API read.</summary>
internal static class Samples
{
    private static readonly Graph Empty = new(default, default);

    public static readonly BoundAxis Batch = new("batch", Size.Axis("batch"));

    public static readonly BoundAxis Time = new("seq", Size.Axis("seq"));

    /// <summary>The perceptron of the README.</summary>
    public static readonly BoundModel Perceptron = new(
        "Digits", "SimpleNN", "The two-layer perceptron.", List("batch"),
        List(Tensor("x", ElementType.F32, Batch, Named("pixels", 784))),
        List(Tensor("", ElementType.F32, Batch, Named("classes", 10))),
        List(
            Storage("fc1.weight", "uniform", [-0.25, 0.25], Named("out", 128), Named("in", 784)),
            Storage("fc1.bias", "constant", [0], Named("out", 128)),
            Storage("fc2.weight", "uniform", [-0.125, 0.125], Named("out", 10), Named("in", 128))
        ),
        default, default, Empty, Empty, At(1));

    /// <summary>Everything that a signature can have: guards, indices, several results, numbers, copies, buffers, names of keywords.</summary>
    public static readonly BoundModel Language = new(
        "Language.Models", "CharGpt", null, List("batch", "seq"),
        List(
            Tensor("tokens", ElementType.I32, Batch, Time) with { IsIndexBelow = Size.Constant(65) },
            Tensor("memory", ElementType.F32, Batch, new BoundAxis(null, Size.Axis("seq") + 1), new BoundAxis(null, Size.Constant(4))),
            Tensor("temperature", ElementType.F32)
        ),
        List(
            Tensor("logits", ElementType.F32, Batch, Time, Named("vocab", 65)),
            Tensor("rounds", ElementType.I32, Batch),
            Tensor("out", ElementType.F32)
        ),
        List(
            Storage("h.0.attn.weight", "normal", [0, 0.02], Named("d", 8), Named("d", 8)),
            Storage("h.0.scale", "constant", [1]),
            Storage("h.1.attn.weight", "normal", [0, 0.02], Named("d", 8), Named("d", 8)),
            Storage("h.1.scale", "constant", [1]),
            Storage("gain.0", "constant", [0], Named("d", 8)),
            Storage("gain.1", "constant", [0], Named("d", 8)),
            Storage("mix.0.a", "constant", [0], Named("d", 8)),
            Storage("mix.1.b", "constant", [0], Named("d", 8))
        ),
        List(Storage("norm.mean", "constant", [0], Named("d", 8)) with { CheckpointName = "norm.running_mean" }),
        List(
            new BoundGuard("seq <= context", Size.Axis("seq"), "<=", Size.Constant(128), At(2)),
            new BoundGuard("batch % 2 == 0", Size.Remainder(Size.Axis("batch"), Size.Constant(2)), "==", Size.Zero, At(3))
        ),
        Empty, Empty, At(1));

    /// <summary>A training of the perceptron.</summary>
    public static readonly BoundTrain FitPerceptron = new(
        "Digits", "FitSimpleNN", "Fits the perceptron.", List(new BoundNet("net", "Digits", "SimpleNN")), List("batch"),
        List(Tensor("x", ElementType.F32, Batch, Named("pixels", 784)), Tensor("label", ElementType.I32, Batch) with { IsIndexBelow = Size.Constant(10) }),
        default,
        List(
            new BoundObjective(
                "loss",
                new BoundOptimizer("adamw", List(new BoundSetting("lr", null, new BoundSchedule("warmup_cosine", List(Number("peak", 1e-3), Number("warmup", 100), Number("total", 5000)))), Number("weight_decay", 0.01))),
                1, List<BoundParameterReference>(new(0, 0), new(0, 1), new(0, 2)), Empty, 0, At(4))
        ),
        List(new BoundMetric("accuracy", "The share of right answers.", Ratio(2, 3), At(5))),
        Empty,
        List(new BoundMetric("accuracy", "The share of right answers.", Ratio(2, 3), At(5))),
        "global_norm", 1, At(1));

    /// <summary>Two networks, two objectives, a second run-time axis, a metric that takes a maximum.</summary>
    public static readonly BoundTrain FitTwo = new(
        "Adversaries", "FitTwo", null,
        List(new BoundNet("critic", "Language.Models", "CharGpt"), new BoundNet("net", "Digits", "SimpleNN")), List("batch", "seq"),
        List(
            Tensor("tokens", ElementType.I32, Batch, Time) with { IsIndexBelow = Size.Constant(65) },
            Tensor("features", ElementType.F32, Batch, Time, new BoundAxis(null, Size.Constant(3))),
            Tensor("step", ElementType.F32, Batch)
        ),
        List(new BoundGuard("seq <= 128", Size.Axis("seq"), "<=", Size.Constant(128), At(2))),
        List(
            new BoundObjective("critic_loss", new BoundOptimizer("sgd", List(Number("lr", 0.1), Number("momentum", 0.9), Number("nesterov", 1))), 5, List(new BoundParameterReference(0, 0)), Empty, 0, At(3)),
            new BoundObjective("loss", new BoundOptimizer("adam", List(Number("lr", 0.1), Number("beta1", 0.5))), 1, List<BoundParameterReference>(new(1, 0), new(1, 2)), Empty, 0, At(4))
        ),
        List(
            new BoundMetric("perplexity", null, new OperatorFormula(OperatorTable.Exp, List(Ratio(0, 1))), At(5)),
            new BoundMetric("worst", null, new AccumulatorFormula(2, ReduceKind.Max), At(6))
        ),
        Empty,
        List(
            new BoundMetric("perplexity", null, new OperatorFormula(OperatorTable.Exp, List(Ratio(0, 1))), At(5)),
            new BoundMetric("worst", null, new AccumulatorFormula(4, ReduceKind.Max), At(6))
        ),
        null, 0, At(1));

    /// <summary>A program without steps.</summary>
    public static ProgramPlan Plan(string name, int scalars, params string[] axes) =>
        new(name, axes.ToEquatableArray(), default, default, default, default, default, default, 0, scalars, false);

    /// <summary>A program with one product: [batch, 128] of [batch, 784] and [128, 784].</summary>
    public static ProgramPlan ProductPlan(string name)
    {
        var operand = new MatrixOperand(new InputPlace(0, ElementType.F32, 1), 0, 0, List(new MatrixAxis(Size.Axis("batch"), 784)), List(new MatrixAxis(784, 1)));
        return Plan(name, 0, "batch") with { Steps = List<Step>(new ProductStep(1, Size.Axis("batch"), 128, 784, operand, operand, null, null, default, At(1))) };
    }

    public static SourceLine? Lines(Origin origin) => new("models/digits.fnn", 10 + origin.Token, "text");

    private static EquatableArray<T> List<T>(params T[] items) => EquatableArray<T>.Own(items);

    private static Origin At(int token) => new("Declaration", token);

    private static BoundAxis Named(string name, long size) => new(name, size);

    private static BoundTensor Tensor(string name, ElementType element, params BoundAxis[] axes) => new(name, element, axes.ToEquatableArray());

    private static BoundSetting Number(string name, double value) => new(name, value, null);

    private static MetricFormula Ratio(int sum, int count) =>
        new OperatorFormula(OperatorTable.Div, List<MetricFormula>(new AccumulatorFormula(sum, ReduceKind.Sum), new AccumulatorFormula(count, ReduceKind.Sum)));

    private static BoundStorage Storage(string path, string initializer, double[] numbers, params BoundAxis[] axes) => new(
        path, path, new TensorType(ElementType.F32, axes.Select(axis => axis.Size).ToEquatableArray()), axes.ToEquatableArray(),
        new BoundInitializer(initializer, numbers.ToEquatableArray()), At(1));
}
