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

    private static readonly string[] LoraSettings = ["rank", "alpha"];

    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>After how many batches the weights change.</summary>
    public int Accumulate { get; private set; } = 1;

    public void Check(IEnumerable<Statement> statements)
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
    }

    /// <summary>What to do without it in this version, of a statement that is right; null after a diagnostic, and where it is taken over.</summary>
    private string? IsRight(Statement statement) => statement switch
    {
        AccumulateStatement accumulate => Take(accumulate),
        AverageStatement average => CheckAverage(average) ? "keep the last weights" : null,
        PrecisionStatement precision => CheckPrecision(precision) ? "everything is computed in the element types that are written" : null,
        LoraStatement lora => CheckLora(lora) ? "freeze what shall not be trained" : null,
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

    private bool CheckAverage(AverageStatement average)
    {
        // The network of a path that is its name alone.
        if (paths.Resolve([new PathPattern(EquatableArray<Identifier>.Own(average.Net), average.Net.Span)]).Count == 0) return false;
        var operand = body.Bind(average.Decay);
        if (operand is PoisonOperand) return false;
        if (BodyBinder.TryNumber(operand, out var share, out _) && share is > 0 and < 1) return true;
        body.Report(DiagnosticTable.AverageShare, average.Decay.Span, BodyBinder.Describe(operand));
        return false;
    }

    private bool CheckPrecision(PrecisionStatement precision)
    {
        if (Precisions.Contains(precision.Kind.Text)) return true;
        body.Report(DiagnosticTable.UnknownPrecision, precision.Kind.Span, [], Spelling.Fix(precision.Kind.Text, Precisions), precision.Kind.Text, string.Join(", ", Precisions));
        return false;
    }

    private bool CheckLora(LoraStatement lora)
    {
        if (ReadRank(lora) is not { } rank) return false;
        var adapted = paths.Resolve(lora.Paths);
        var trained = paths.Resolve(lora.Trained);
        if (adapted.Count == 0 || (trained.Count == 0 && lora.Trained.Count > 0)) return false;
        var matrices = adapted.Select(reference => nets[reference.Net].Storage.Parameters[reference.Parameter]).Where(parameter => parameter.Type.Rank == 2).ToArray();
        var span = lora.Paths[0].Span.Cover(lora.Paths[lora.Paths.Count - 1].Span);
        if (matrices.Length == 0)
        {
            var first = nets[adapted.First().Net].Storage.Parameters[adapted.First().Parameter];
            body.Report(DiagnosticTable.BadLora, span, $"'lora' adapts matrices, and there is none among these: '{first.Path}' is {first.Type}");
            return false;
        }
        foreach (var matrix in matrices)
        {
            if (matrix.Type.Shape.Any(size => size.TryGetConstant(out var length) && length >= rank)
                && matrix.Type.Shape.All(size => !size.TryGetConstant(out var length) || length >= rank)) continue;
            body.Report(DiagnosticTable.BadLora, span, $"a rank of {rank} is no low rank of '{matrix.Path}', which is {matrix.Type}");
            return false;
        }
        return true;
    }

    private long? ReadRank(LoraStatement lora)
    {
        long? rank = null;
        foreach (var argument in lora.Settings)
        {
            var name = argument.Name?.Text ?? LoraSettings[IndexOf(lora, argument)];
            if (!LoraSettings.Contains(name))
            {
                body.Report(DiagnosticTable.UnknownArgument, argument.Name!.Span, [], Spelling.Fix(name, LoraSettings) ?? "it takes rank and alpha", "lora", name);
                return null;
            }
            var operand = body.Bind(argument.Value);
            if (operand is PoisonOperand) return null;
            var isNumber = BodyBinder.TryNumber(operand, out var number, out var isWhole);
            if (!isNumber || number <= 0 || (name == "rank" && !isWhole))
            {
                body.Report(DiagnosticTable.BadSetting, argument.Value.Span, name, "lora", name == "rank" ? $"a whole number of at least 1 is expected, not {BodyBinder.Describe(operand)}" : $"a number above 0 is expected, not {BodyBinder.Describe(operand)}");
                return null;
            }
            if (name == "rank") rank = (long)number;
        }
        if (rank is null) body.Report(DiagnosticTable.MissingArgument, lora.Span, "lora", "rank", "how many numbers a low-rank update has for each row, such as rank: 8");
        return rank;
    }

    private static int IndexOf(LoraStatement lora, Argument argument) => Math.Min(LoraSettings.Length - 1, lora.Settings.TakeWhile(other => other != argument).Count());
}
