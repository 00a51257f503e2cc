using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Checks what a train says of itself as a whole, <c>accumulate</c>, <c>average</c>, <c>precision</c> and <c>lora</c>, and takes it over.
/// </summary>
internal sealed class TrainSettings(BodyBinder body, ParameterPaths paths, IReadOnlyList<NetUse> nets)
{
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>After how many batches the weights change.</summary>
    public int Accumulate { get; private set; } = 1;

    /// <summary>What operands of products are rounded to.</summary>
    public FloatFormat Precision { get; private set; } = FloatFormat.F32;

    /// <summary>Moving averages of weights.</summary>
    public List<BoundAverage> Averages { get; } = [];

    /// <summary>Updates of low rank, and what is not trained beside them; null without any.</summary>
    public (Adapters Updates, IReadOnlyCollection<BoundParameterReference> Frozen)? Lora { get; private set; }

    public void Check(IReadOnlyList<Statement> statements)
    {
        foreach (var statement in statements)
        {
            var (word, where) = statement switch
            {
                AccumulateStatement => ("accumulate", "in a train"),
                PrecisionStatement => ("precision", "in a train"),
                LoraStatement => ("lora", "in a train"),
                AverageStatement average => ("average", $"for '{average.Net.Text}'"),
                _ => ("", ""),
            };
            if (!_said.Add(word + where)) body.Report(DiagnosticTable.StatementTwice, statement.Span, word, where);
            else Take(statement);
        }
    }

    private void Take(Statement statement)
    {
        switch (statement)
        {
            case AccumulateStatement accumulate:
                Take(accumulate);
                break;
            case AverageStatement average:
                Take(average);
                break;
            case PrecisionStatement precision:
                Take(precision);
                break;
            case LoraStatement lora:
                Lora = new LoraBinder(body, paths, nets).Bind(lora);
                break;
        }
    }

    private void Take(AccumulateStatement accumulate)
    {
        var operand = body.Bind(accumulate.Batches);
        if (operand is PoisonOperand) return;
        if (BodyBinder.TryNumber(operand, out var number, out var isWhole) && isWhole && number is >= 1 and <= int.MaxValue) Accumulate = (int)number;
        else body.Report(DiagnosticTable.AccumulateCount, accumulate.Batches.Span, BodyBinder.Describe(operand));
    }

    private void Take(AverageStatement average)
    {
        if (paths.FindNet(average.Net, nets.Count == 1 ? $"write {nets[0].Name}" : null) is not { } net) return;
        var operand = body.Bind(average.Decay);
        if (operand is PoisonOperand) return;
        if (BodyBinder.TryNumber(operand, out var share, out _) && share is > 0 and < 1) Averages.Add(new BoundAverage(net, share));
        else body.Report(DiagnosticTable.AverageShare, average.Decay.Span, BodyBinder.Describe(operand));
    }

    private void Take(PrecisionStatement precision)
    {
        var name = precision.Kind.Text;
        if (FloatFormat.All.FirstOrDefault(format => format.Name == name) is { } known)
        {
            Precision = known;
            return;
        }
        var names = FloatFormat.All.Select(format => format.Name).ToArray();
        body.Report(DiagnosticTable.UnknownPrecision, precision.Kind.Span, [], Spelling.Fix(name, names), name, string.Join(", ", names));
    }
}
