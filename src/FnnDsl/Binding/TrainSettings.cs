using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Checks what a train says of itself as a whole: <c>accumulate</c>, <c>average</c>, <c>precision</c> and <c>lora</c>. What is right is taken over, or reported
/// as not compiled yet: a training that left it out in silence would be another one than was written.
/// </summary>
internal sealed class TrainSettings(BodyBinder body, ParameterPaths paths, IReadOnlyList<NetUse> nets)
{
    private static readonly string[] Precisions = ["f32", "tf32", "bf16", "f16"];

    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>After how many batches the weights change.</summary>
    public int Accumulate { get; private set; } = 1;

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
            else if (IsRight(statement) is { } instead) body.Report(DiagnosticTable.NotCompiledYet, statement.Span, word, instead);
        }
        CheckAverages(statements);
    }

    /// <summary>What to do without it in this version, of a statement that is right; null after a diagnostic, and where it is taken over.</summary>
    private string? IsRight(Statement statement) => statement switch
    {
        AccumulateStatement accumulate => Take(accumulate),
        AverageStatement average => Take(average),
        PrecisionStatement precision => CheckPrecision(precision) ? "everything is computed in the element types that are written" : null,
        LoraStatement lora => Take(lora),
        _ => null,
    };

    private string? Take(AccumulateStatement accumulate)
    {
        var operand = body.Bind(accumulate.Batches);
        if (operand is PoisonOperand) return null;
        if (BodyBinder.TryNumber(operand, out var number, out var isWhole) && isWhole && number is >= 1 and <= int.MaxValue) Accumulate = (int)number;
        else body.Report(DiagnosticTable.AccumulateCount, accumulate.Batches.Span, BodyBinder.Describe(operand));
        return null;
    }

    private string? Take(LoraStatement lora)
    {
        Lora = new LoraBinder(body, paths, nets).Bind(lora);
        return null;
    }

    private string? Take(AverageStatement average)
    {
        // The network of a path that is its name alone.
        if (paths.Resolve([new PathPattern(EquatableArray<Identifier>.Own(average.Net), average.Net.Span)]).Count == 0) return null;
        var operand = body.Bind(average.Decay);
        if (operand is PoisonOperand) return null;
        if (BodyBinder.TryNumber(operand, out var share, out _) && share is > 0 and < 1) Averages.Add(new BoundAverage(NetUse.IndexOf(nets, average.Net.Text), share));
        else body.Report(DiagnosticTable.AverageShare, average.Decay.Span, BodyBinder.Describe(operand));
        return null;
    }

    /// <summary>An average of weights that do not move would be one of nothing.</summary>
    private void CheckAverages(IEnumerable<Statement> statements)
    {
        foreach (var average in statements.OfType<AverageStatement>())
        {
            if (Lora?.Updates.Sets.Any(set => nets[set.Net].Name == average.Net.Text) == true)
                body.Report(DiagnosticTable.NotCompiledYet, average.Span, "average", "of a network with 'lora' there is no average; keep the last updates");
        }
    }

    private bool CheckPrecision(PrecisionStatement precision)
    {
        if (Precisions.Contains(precision.Kind.Text)) return true;
        body.Report(DiagnosticTable.UnknownPrecision, precision.Kind.Span, [], Spelling.Fix(precision.Kind.Text, Precisions), precision.Kind.Text, string.Join(", ", Precisions));
        return false;
    }
}
