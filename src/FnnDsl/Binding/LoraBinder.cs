using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Binds <c>lora(rank: 8, alpha: 16) on net.blocks.*.attn, except: train net.head</c>: which matrices get an update, and what of their networks is trained all the same.</summary>
internal sealed class LoraBinder(BodyBinder body, ParameterPaths paths, IReadOnlyList<NetUse> nets)
{
    private static readonly string[] Settings = ["rank", "alpha"];

    /// <summary>Null after a diagnostic.</summary>
    public (Adapters Updates, IReadOnlyCollection<BoundParameterReference> Frozen)? Bind(LoraStatement lora)
    {
        if (ReadSettings(lora) is not { } numbers) return null;
        var trained = paths.Resolve(lora.Trained);
        if (trained.Count == 0 && lora.Trained.Count > 0) return null;
        var adapted = new HashSet<BoundParameterReference>();
        foreach (var pattern in lora.Paths)
        {
            if (Matrices(pattern, trained, numbers.Rank) is not { } matrices) return null;
            adapted.UnionWith(matrices);
        }
        var sets = adapted.GroupBy(reference => reference.Net).OrderBy(group => group.Key)
            .Select(group => MakeSet(nets, group.Key, group.Select(reference => reference.Parameter).OrderBy(position => position).ToArray(), numbers.Rank, numbers.Alpha)).ToEquatableArray();
        var frozen = sets.SelectMany(set => Enumerable.Range(0, nets[set.Net].Storage.Parameters.Count).Select(position => new BoundParameterReference(set.Net, position)))
            .Where(reference => !trained.Contains(reference)).ToArray();
        return (new Adapters(sets, nets.Count, numbers.Alpha / numbers.Rank), frozen);
    }

    /// <summary>The matrices that a pattern means; null after a diagnostic.</summary>
    private IReadOnlyList<BoundParameterReference>? Matrices(PathPattern pattern, HashSet<BoundParameterReference> trained, long rank)
    {
        var all = paths.Resolve([pattern]);
        if (all.Count == 0) return null;
        var rest = all.Where(reference => !trained.Contains(reference)).ToArray();
        var matrices = rest.Where(reference => Weight(reference).Type.Rank >= 2).ToArray();
        if (matrices.Length == 0)
        {
            var first = Weight(rest.Length > 0 ? rest[0] : all.First());
            Report(pattern, rest.Length == 0
                ? $"'lora' has nothing left to adapt here: all of '{body.Frame.Source.GetText(pattern.Span)}' is trained itself"
                : $"'lora' adapts matrices, and there is none among these: '{first.Path}' is {first.Type}");
            return null;
        }
        foreach (var matrix in matrices.Select(Weight))
        {
            var rows = matrix.Type.Shape[0].Value;
            var columns = Size.Product(matrix.Type.Shape.Skip(1)).Value;
            if (Math.Min(rows, columns) >= rank) continue;
            Report(pattern, $"a rank of {rank} is no low rank of '{matrix.Path}', which is {matrix.Type}");
            return null;
        }
        return matrices;
    }

    /// <summary>The updates of some matrices of one network.</summary>
    public static BoundAdapters MakeSet(IReadOnlyList<NetUse> nets, int net, int[] adapted, long rank, double alpha)
    {
        var parameters = new List<BoundStorage>();
        var rankAxis = new BoundAxis(null, rank);
        foreach (var position in adapted)
        {
            var weight = nets[net].Storage.Parameters[position];
            var inner = weight.Axes.Skip(1).ToArray();
            // The names that PEFT gives them: fc.lora_A.weight beside fc.weight.
            var module = weight.CheckpointName.EndsWith(".weight", StringComparison.Ordinal) ? weight.CheckpointName.Substring(0, weight.CheckpointName.Length - ".weight".Length) : weight.CheckpointName;
            var columns = (double)Size.Product(inner.Select(axis => axis.Size)).Value;
            Add("b", "lora_B", [weight.Axes[0], rankAxis], new BoundInitializer("constant", EquatableArray<double>.Own(0)));
            // What PEFT does: kaiming_uniform with a = √5. So the update is 0 at first, and its gradient is not.
            Add("a", "lora_A", [rankAxis, .. inner], new BoundInitializer("uniform", EquatableArray<double>.Own(-1 / Math.Sqrt(columns), 1 / Math.Sqrt(columns))));

            void Add(string part, string name, BoundAxis[] axes, BoundInitializer initial) => parameters.Add(new BoundStorage(
                $"{weight.Path}.{part}", $"{module}.{name}.weight", new TensorType(ElementType.F32, axes.Select(axis => axis.Size).ToEquatableArray()), axes.ToEquatableArray(), initial, weight.Origin));
        }
        return new BoundAdapters(net, alpha / rank, adapted.ToEquatableArray(), parameters.ToEquatableArray());
    }

    private (long Rank, double Alpha)? ReadSettings(LoraStatement lora)
    {
        double? rank = null, alpha = null;
        for (var k = 0; k < lora.Settings.Count; k++)
        {
            var argument = lora.Settings[k];
            var name = argument.Name?.Text ?? Settings[Math.Min(k, Settings.Length - 1)];
            if (!Settings.Contains(name))
            {
                body.Report(DiagnosticTable.UnknownArgument, argument.Name!.Span, [], Spelling.Fix(name, Settings) ?? "it takes rank and alpha", "lora", name);
                return null;
            }
            var operand = body.Bind(argument.Value);
            if (operand is PoisonOperand) return null;
            var isNumber = BodyBinder.TryNumber(operand, out var number, out var isWhole);
            if (!isNumber || number <= 0 || (name == "rank" && (!isWhole || number > int.MaxValue)))
            {
                body.Report(DiagnosticTable.BadSetting, argument.Value.Span, name, "lora", name == "rank" ? $"a whole number of at least 1 is expected, not {BodyBinder.Describe(operand)}" : $"a number above 0 is expected, not {BodyBinder.Describe(operand)}");
                return null;
            }
            if ((name == "rank" ? rank : alpha) is not null)
            {
                body.Report(DiagnosticTable.ArgumentTwice, argument.Span, "lora", name);
                return null;
            }
            if (name == "rank") rank = number;
            else alpha = number;
        }
        if (rank is { } found) return ((long)found, alpha ?? found);
        body.Report(DiagnosticTable.MissingArgument, lora.Span, "lora", "rank", "how many numbers a low-rank update has for each row, such as rank: 8");
        return null;
    }

    private BoundStorage Weight(BoundParameterReference reference) => nets[reference.Net].Storage.Parameters[reference.Parameter];

    private void Report(PathPattern pattern, string what) => body.Report(DiagnosticTable.BadLora, pattern.Span, what);
}
