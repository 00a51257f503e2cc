using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Interpretation;

/// <summary>
/// What a graph means: each operation by its definition, in float64, one element after the other. Every other way to run a graph is
/// tested against this one, so it is made to be read and not to be fast. Rounding to float32 is not imitated; integers are exact up to 2⁵³.
/// </summary>
public static class Interpreter
{
    private delegate double[] Meaning(Context context);

    private sealed record Context(Graph Graph, Node Node, double[][] Values, double[][] X, long[][] Shapes, long[] Shape, InterpreterInputs Given, Func<Size, long> Evaluate, Dictionary<int, RunLoop> Loops)
    {
        /// <summary>What is made of each element of a product's operands.</summary>
        public Func<double, double> Rounding(FloatFormat? operands) => operands is null || operands == FloatFormat.F32 || !Given.RoundsOperands ? x => x : operands.Round;
    }

    /// <summary>What a loop did: its states in the end, and every node of its body by step.</summary>
    private sealed record RunLoop(double[][] States, Dictionary<long, double[][]> Rounds)
    {
        public double[] Stack(int node, long length, long count)
        {
            var y = new double[length * count];
            foreach (var round in Rounds) round.Value[node].CopyTo(y, round.Key * length);
            return y;
        }
    }

    private static readonly Dictionary<Type, Meaning> Meanings = new()
    {
        [typeof(Input)] = c => c.Given.Inputs[((Input)c.Node.Operation).Index],
        [typeof(Parameter)] = c => c.Node.Operation is Parameter p ? c.Given.Parameter(p.Net, p.Index) : [],
        [typeof(BufferValue)] = c => c.Node.Operation is BufferValue b ? c.Given.Buffer(b.Net, b.Index) : [],
        [typeof(OutputGradient)] = c => c.Given.OutputGradients[((OutputGradient)c.Node.Operation).Index],
        [typeof(Kept)] = c => c.Given.Kept[((Kept)c.Node.Operation).Index],
        [typeof(WriteKept)] = OfWriteKept,
        [typeof(Sample)] = c => SamplingMeaning.Of(c.X, c.Shapes[SampleInputs.Logits][c.Shapes[SampleInputs.Logits].Length - 1]),
        [typeof(Constant)] = c => [((Constant)c.Node.Operation).Value],
        [typeof(SizeValue)] = c => [c.Evaluate(((SizeValue)c.Node.Operation).Size)],
        [typeof(Iota)] = c => Each(c.Shape, index => index[((Iota)c.Node.Operation).Axis]),
        [typeof(RandomUniform)] = c => Enumerable.Range(0, (int)Indexing.Count(c.Shape)).Select(k => c.Given.Random(((RandomUniform)c.Node.Operation).Site, c.Evaluate(((RandomUniform)c.Node.Operation).Round) * Indexing.Count(c.Shape) + k)).ToArray(),
        [typeof(Elementwise)] = OfElementwise,
        [typeof(Graphs.Convert)] = c => c.X[0].Select(x => ElementTyping.Convert(x, c.Node.Type.Element)).ToArray(),
        [typeof(Stop)] = c => c.X[0],
        [typeof(CheckRange)] = OfCheckRange,
        [typeof(View)] = OfView,
        [typeof(ViewTranspose)] = OfViewTranspose,
        [typeof(Reshape)] = c => c.X[0],
        [typeof(Pad)] = OfPad,
        [typeof(Concat)] = OfConcat,
        [typeof(Reduce)] = OfReduce,
        [typeof(ArgReduce)] = OfArgReduce,
        [typeof(Contract)] = OfContract,
        [typeof(Gather)] = OfGather,
        [typeof(ScatterAdd)] = OfScatterAdd,
        [typeof(Attention)] = c => OfAttention(c, (Attention)c.Node.Operation).Result,
        [typeof(AttentionLogSums)] = c => OfAttention(c, (AttentionLogSums)c.Node.Operation),
        [typeof(AttentionGradient)] = c => OfAttentionGradient(c, (AttentionGradient)c.Node.Operation),
        [typeof(LoopArgument)] = c => c.Given.Arguments[((LoopArgument)c.Node.Operation).Index],
        [typeof(LoopFinal)] = c => c.Loops[c.Node.Inputs[0]].States[((LoopFinal)c.Node.Operation).State],
        [typeof(LoopStack)] = c => c.Loops[c.Node.Inputs[0]].Stack(((LoopStack)c.Node.Operation).BodyNode, Indexing.Count(c.Shape.Skip(1)), c.Shape[0]),
        [typeof(Loop)] = OfLoop,
        [typeof(Equilibrium)] = _ => [0],
        [typeof(EquilibriumState)] = c => c.Values[c.Graph[c.Node.Inputs[0]].Inputs[((EquilibriumState)c.Node.Operation).State]],
        [typeof(Segment)] = _ => [0],
        [typeof(SegmentValue)] = c => c.Values[c.Graph[c.Node.Inputs[0]].Inputs[((SegmentValue)c.Node.Operation).Index]],
        [typeof(After)] = c => c.X[0],
        [typeof(CheckConverged)] = c => c.Node.Operation is CheckConverged { Otherwise: Otherwise.Fail } check && c.X[1][0] > 0
            ? throw new InvalidOperationException($"{check.What} was not reached for {c.X[1][0]} samples.")
            : c.X[0],
    };

    /// <summary>The graph's outputs, in its order.</summary>
    /// <exception cref="InvalidOperationException">An index is out of range, or something the graph needs was not given or has the wrong length.</exception>
    public static double[][] Run(Graph graph, InterpreterInputs inputs)
    {
        var values = RunNodes(graph, inputs);
        return graph.Outputs.Select(output => values[output.Node]).ToArray();
    }

    /// <summary>The value of every node.</summary>
    /// <exception cref="InvalidOperationException">As <see cref="Run"/>.</exception>
    public static double[][] RunNodes(Graph graph, InterpreterInputs inputs)
    {
        var values = new double[graph.Nodes.Count][];
        var shapes = new long[graph.Nodes.Count][];
        var loops = new Dictionary<int, RunLoop>();
        foreach (var node in graph.Nodes)
        {
            shapes[node.Id] = node.Type.Shape.Select(Evaluate).ToArray();
            var context = new Context(graph, node, values, node.Inputs.Select(id => values[id]).ToArray(), node.Inputs.Select(id => shapes[id]).ToArray(), shapes[node.Id], inputs, Evaluate, loops);
            values[node.Id] = Meanings[node.Operation.GetType()](context);
            if (values[node.Id].Length != Indexing.Count(shapes[node.Id]))
            {
                throw new InvalidOperationException($"{node} has {Indexing.Count(shapes[node.Id])} elements, but {values[node.Id].Length} were given.");
            }
        }
        return values;

        long Evaluate(Size size) => size.Evaluate(name => inputs.Sizes.TryGetValue(name, out var length) ? length : throw new InvalidOperationException($"No length was given for the axis '{name}'."));
    }

    private static double[] OfElementwise(Context c)
    {
        var op = ((Elementwise)c.Node.Operation).Operator;
        var isInteger = c.Node.Type.Element.IsInteger();
        var x = new double[op.Arity];
        var y = new double[Indexing.Count(c.Shape)];
        for (var k = 0; k < y.Length; k++)
        {
            for (var input = 0; input < x.Length; input++) x[input] = c.X[input][k];
            y[k] = isInteger ? Math.Floor(op.Evaluate(x)) : op.Evaluate(x);
        }
        return y;
    }

    private static double[] OfCheckRange(Context c)
    {
        var check = (CheckRange)c.Node.Operation;
        var bound = c.Evaluate(check.Bound);
        foreach (var x in c.X[0])
        {
            if (!(x >= 0 && x < bound)) throw new InvalidOperationException($"{check.What}: {x} is not in [0, {bound}).");
        }
        return c.X[0];
    }

    private static double[] OfView(Context c)
    {
        var map = new EvaluatedMap(((View)c.Node.Operation).Map, c.Evaluate);
        return Each(c.Shape, index => c.X[0][Indexing.Offset(c.Shapes[0], map.At(index))]);
    }

    private static double[] OfViewTranspose(Context c)
    {
        var map = new EvaluatedMap(((ViewTranspose)c.Node.Operation).Map, c.Evaluate);
        var y = new double[Indexing.Count(c.Shape)];
        var k = 0;
        foreach (var index in Indexing.Indices(c.Shapes[0])) y[Indexing.Offset(c.Shape, map.At(index))] += c.X[0][k++];
        return y;
    }

    private static double[] OfWriteKept(Context c)
    {
        var write = (WriteKept)c.Node.Operation;
        var start = c.Evaluate(write.At);
        var y = (double[])c.X[0].Clone();
        var k = 0;
        foreach (var index in Indexing.Indices(c.Shapes[1]))
        {
            index[write.Axis] += start;
            y[Indexing.Offset(c.Shape, index)] = c.X[1][k++];
            index[write.Axis] -= start;
        }
        return y;
    }

    private static double[] OfPad(Context c)
    {
        var pad = (Pad)c.Node.Operation;
        var y = Enumerable.Repeat(pad.Value, (int)Indexing.Count(c.Shape)).ToArray();
        var before = pad.Before.Select(c.Evaluate).ToArray();
        var step = pad.Between.Select(size => c.Evaluate(size) + 1).ToArray();
        var k = 0;
        foreach (var index in Indexing.Indices(c.Shapes[0])) y[Indexing.Offset(c.Shape, index.Select((i, axis) => before[axis] + i * step[axis]).ToArray())] = c.X[0][k++];
        return y;
    }

    private static double[] OfConcat(Context c)
    {
        var axis = ((Concat)c.Node.Operation).Axis;
        return Each(c.Shape, index =>
        {
            var within = (long[])index.Clone();
            var part = 0;
            while (within[axis] >= c.Shapes[part][axis]) within[axis] -= c.Shapes[part++][axis];
            return c.X[part][Indexing.Offset(c.Shapes[part], within)];
        });
    }

    private static double[] OfReduce(Context c)
    {
        var reduce = (Reduce)c.Node.Operation;
        var (start, add) = reduce.Kind switch
        {
            ReduceKind.Sum => (0.0, (a, b) => a + b),
            ReduceKind.Prod => (1.0, (a, b) => a * b),
            ReduceKind.Max => (double.NegativeInfinity, Math.Max),
            _ => (double.PositiveInfinity, (Func<double, double, double>)Math.Min),
        };
        var y = Enumerable.Repeat(start, (int)Indexing.Count(c.Shape)).ToArray();
        var kept = Enumerable.Range(0, c.Shapes[0].Length).Where(axis => !reduce.Axes.Contains(axis)).ToArray();
        var left = new long[kept.Length];
        var k = 0;
        foreach (var index in Indexing.Indices(c.Shapes[0]))
        {
            for (var axis = 0; axis < kept.Length; axis++) left[axis] = index[kept[axis]];
            var offset = Indexing.Offset(c.Shape, left);
            y[offset] = add(y[offset], c.X[0][k++]);
        }
        return y;
    }

    // The first of equals; not a number is never larger than what came before it.
    private static double[] OfArgReduce(Context c)
    {
        var argument = (ArgReduce)c.Node.Operation;
        return Each(c.Shape, index =>
        {
            var best = 0L;
            for (var k = 1L; k < c.Shapes[0][argument.Axis]; k++)
            {
                var (candidate, leader) = (At(k), At(best));
                if (argument.IsMax ? candidate > leader : candidate < leader) best = k;
            }
            return best;

            double At(long k) => c.X[0][Indexing.Offset(c.Shapes[0], index.Take(argument.Axis).Append(k).Concat(index.Skip(argument.Axis)).ToArray())];
        });
    }

    // In row-major order: left is [batch, m, k], right is [batch, n, k], the result [batch, m, n].
    private static double[] OfContract(Context c)
    {
        var contract = (Contract)c.Node.Operation;
        var batch = Indexing.Count(c.Shapes[0].Take(contract.BatchRank));
        var rows = Indexing.Count(c.Shapes[0].Skip(contract.BatchRank).Take(contract.LeftRank));
        var columns = Indexing.Count(c.Shapes[1].Skip(contract.BatchRank).Take(contract.RightRank));
        var depth = Indexing.Count(c.Shapes[1].Skip(contract.BatchRank + contract.RightRank));
        var round = c.Rounding(contract.Operands);
        var (x, y) = (c.X[0].Select(round).ToArray(), c.X[1].Select(round).ToArray());
        return Each([batch, rows, columns], index =>
        {
            var left = (index[0] * rows + index[1]) * depth;
            var right = (index[0] * columns + index[2]) * depth;
            var sum = 0.0;
            for (var k = 0L; k < depth; k++) sum += x[left + k] * y[right + k];
            return sum;
        });
    }

    private static (double[] Result, double[] LogSums) OfAttention(Context c, Attention attention) =>
        AttentionMeaning.Of(c.Shapes, c.X, attention.IsCausal, attention.Scale, c.Rounding(attention.Operands));

    // Of log sums there are no values: the keys stand in for them.
    private static double[] OfAttention(Context c, AttentionLogSums sums) =>
        AttentionMeaning.Of([.. c.Shapes, c.Shapes[1]], [.. c.X, c.X[1]], sums.IsCausal, sums.Scale, c.Rounding(sums.Operands)).LogSums;

    private static double[] OfAttentionGradient(Context c, AttentionGradient gradient) => AttentionMeaning.GradientOf(c.Shapes, c.X, gradient, c.Rounding(gradient.Operands));

    // In row-major order: x is [outer, axis, inner], the index [j], the result [outer, j, inner].
    private static double[] OfGather(Context c)
    {
        var axis = ((Gather)c.Node.Operation).Axis;
        var outer = Indexing.Count(c.Shapes[0].Take(axis));
        var inner = Indexing.Count(c.Shapes[0].Skip(axis + 1));
        long[] source = [outer, c.Shapes[0][axis], inner];
        return Each([outer, c.X[1].Length, inner], index => c.X[0][Indexing.Offset(source, [index[0], (long)c.X[1][index[1]], index[2]])]);
    }

    private static double[] OfScatterAdd(Context c)
    {
        var axis = ((ScatterAdd)c.Node.Operation).Axis;
        var outer = Indexing.Count(c.Shape.Take(axis));
        var inner = Indexing.Count(c.Shape.Skip(axis + 1));
        long[] target = [outer, c.Shape[axis], inner];
        var y = new double[Indexing.Count(c.Shape)];
        var k = 0;
        foreach (var index in Indexing.Indices([outer, c.X[1].Length, inner])) y[Indexing.Offset(target, [index[0], (long)c.X[1][index[1]], index[2]])] += c.X[0][k++];
        return y;
    }

    // Round by round: the body on the states as they are, then all next states at once.
    private static double[] OfLoop(Context c)
    {
        var loop = (Loop)c.Node.Operation;
        var count = c.Evaluate(loop.Count);
        var trips = loop.HasTrips ? Math.Min(count, (long)c.X[c.X.Length - 1][0]) : count;
        var run = new RunLoop(c.X.Take(loop.States).ToArray(), []);
        var done = 0L;
        while (done < trips)
        {
            var step = loop.IsReverse ? trips - 1 - done : done;
            var given = c.Given with
            {
                Sizes = c.Given.Sizes.Where(size => size.Key != loop.Step).Append(new(loop.Step, step)).ToDictionary(size => size.Key, size => size.Value),
                Arguments = run.States.Concat(c.X.Skip(loop.States)).ToArray(),
            };
            var values = RunNodes(loop.Body, given);
            run.Rounds.Add(step, values);
            for (var k = 0; k < loop.States; k++) run.States[k] = values[loop.Body.Outputs[k].Node];
            done++;
            if (loop.CanStop && values[loop.Body.Outputs[loop.States].Node][0] != 0) break;
        }
        c.Loops.Add(c.Node.Id, run);
        return [done];
    }

    private static double[] Each(long[] shape, Func<long[], double> element)
    {
        var y = new double[Indexing.Count(shape)];
        var k = 0;
        foreach (var index in Indexing.Indices(shape)) y[k++] = element(index);
        return y;
    }
}
