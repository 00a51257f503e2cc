using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>One pass over the body of a train: all its losses and metrics as values of one graph.</summary>
internal sealed class TrainRun
{
    private bool _isClipped;

    private TrainRun(BindingContext context, Frame frame)
    {
        Context = context;
        Body = new BodyBinder(context, frame) { TrainStatement = BindStatement };
    }

    public BindingContext Context { get; }

    public BodyBinder Body { get; }

    /// <summary>Null when nothing is known of a network; where the signature is wrong, what C# may see of it.</summary>
    public IReadOnlyList<BoundTensor>? Inputs { get; private set; }

    public EquatableArray<string> RuntimeAxes { get; private set; }

    public List<(MinimizeStatement Statement, Operand Loss)> Minimized { get; } = [];

    public List<(MetricStatement Statement, Operand Value)> Metrics { get; } = [];

    public List<PathPattern> Frozen { get; } = [];

    /// <summary>What is said about the learning rates of some weights, in order.</summary>
    public List<RateStatement> Rates { get; } = [];

    /// <summary>What is said about the training as a whole: <c>accumulate</c>, <c>average</c>, <c>precision</c>, <c>lora</c>.</summary>
    public List<Statement> Settings { get; } = [];

    public string? ClipKind { get; private set; }

    public double ClipLimit { get; private set; }

    /// <param name="adapters">Weights that are read with an update of low rank.</param>
    public static TrainRun Execute(ModuleScope scope, DiagnosticBag diagnostics, TrainInstance train, bool training, Adapters? adapters = null)
    {
        var run = ExecuteSignature(new BindingContext(scope, diagnostics, training, symbolic: train.IsOpen) { Adapters = adapters }, train);
        if (run.Inputs is not null && !run.Body.HasWrongHead) run.Body.BindStatements(train.Declaration.Body);
        return run;
    }

    /// <summary>The signature alone: of a training whose networks have errors, which its body would only repeat.</summary>
    public static TrainRun ExecuteSignature(ModuleScope scope, DiagnosticBag diagnostics, TrainInstance train) =>
        ExecuteSignature(new BindingContext(scope, diagnostics, training: true, symbolic: train.IsOpen), train);

    private static TrainRun ExecuteSignature(BindingContext context, TrainInstance train)
    {
        var run = new TrainRun(context, train.NewFrame());
        if (!NetUse.Enter(context, run.Body.Frame, train.Nets)) return run;
        run.Inputs = run.Body.BindInputs(train.Declaration.Inputs, train.Declaration.Where, out var axes);
        run.RuntimeAxes = axes;
        return run;
    }

    /// <summary>A loss's name: that of the value, or <c>loss</c>.</summary>
    public string LossName(int index) => TrainSignature.LossNames(Minimized.Select(item => item.Statement.Loss).ToArray())[index];

    private void BindStatement(Statement statement)
    {
        switch (statement)
        {
            case MinimizeStatement minimize:
                Minimized.Add((minimize, Body.Bind(minimize.Loss)));
                break;
            case MetricStatement metric:
                var value = Body.Bind(metric.Value);
                Metrics.Add((metric, value));
                Body.Note(metric.Name.Span, value);
                break;
            case ClipStatement clip:
                BindClip(clip);
                break;
            case FreezeStatement freeze:
                Frozen.AddRange(freeze.Paths);
                break;
            case RateStatement rate:
                Rates.Add(rate);
                break;
            case AccumulateStatement or AverageStatement or PrecisionStatement or LoraStatement:
                Settings.Add(statement);
                break;
        }
    }

    private void BindClip(ClipStatement clip)
    {
        if (_isClipped)
        {
            Body.Report(DiagnosticTable.ClipTwice, clip.Span);
            return;
        }
        _isClipped = true;
        if (clip.Limit is CallExpression { Callee: NameExpression { Name: "global_norm" or "value" } kind, Arguments: { Count: 1 } arguments })
        {
            var operand = Body.Bind(arguments[0].Value);
            if (operand is PoisonOperand) return;
            if (BodyBinder.TryNumber(operand, out var limit, out _) && limit > 0)
            {
                (ClipKind, ClipLimit) = (kind.Name, limit);
                return;
            }
        }
        Body.Report(DiagnosticTable.BadClip, clip.Limit.Span);
    }
}

/// <summary>A loss as the program needs it: what is minimised, and the sum and count that are added up over batches.</summary>
internal sealed record TrainLoss(string Name, Value Mean, Value Sum, Value Count)
{
    /// <summary>Null after a diagnostic.</summary>
    public static TrainLoss? From(TrainRun run, int index)
    {
        var (statement, operand) = run.Minimized[index];
        if (operand is PoisonOperand) return null;
        if (operand is not TensorOperand tensor || !tensor.Element.IsFloat())
        {
            run.Body.Report(DiagnosticTable.LossNotDifferentiable, statement.Loss.Span, BodyBinder.Describe(operand));
            return null;
        }
        var builder = run.Context.Builder;
        builder.Origin = run.Body.Frame.OriginAt(statement.Loss.Span);
        var name = run.LossName(index);
        var value = builder.Convert(tensor.Value, ElementType.F32);
        if (tensor.Formula is MeanReduction mean) return new TrainLoss(name, value, mean.Sum, mean.Count);
        if (tensor.Rank == 0) return new TrainLoss(name, value, value, builder.Constant(1, ElementType.F32));
        var sum = builder.Reduce(ReduceKind.Sum, value, Enumerable.Range(0, tensor.Rank).ToArray());
        var count = builder.SizeValue(tensor.Type.ElementCount, ElementType.F32);
        return new TrainLoss(name, builder.Apply(OperatorTable.Div, sum, count), sum, count);
    }
}
