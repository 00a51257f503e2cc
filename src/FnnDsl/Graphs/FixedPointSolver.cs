using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>What a solver found.</summary>
/// <param name="States">The best iterates.</param>
/// <param name="Residual">Of each sample: |f(z) - z| / |f(z)|.</param>
/// <param name="Rounds">Of each sample: how often the map was applied, i32.</param>
/// <param name="Converged">Of each sample: whether the residual is within the tolerance, bool.</param>
public sealed record Solved(Value[] States, Value Residual, Value Rounds, Value Converged);

/// <summary>
/// Looks for a fixed point of a map in a loop: by damped Picard iteration, or by Anderson's method, which mixes the last iterates such that their residuals cancel
/// (Walker and Ni, "Anderson acceleration for fixed-point iterations", 2011). Each sample ends by itself, and its best iterate is kept.
/// </summary>
public static class FixedPointSolver
{
    /// <summary>What the normal matrix of Anderson's method has added to its diagonal, as a share of the diagonal's mean.</summary>
    private const double Ridge = 1e-5;

    /// <summary>Added to norms that are divided by.</summary>
    private const double Tiny = 1e-9;

    /// <summary>Finishes a loop that looks for the fixed point.</summary>
    /// <param name="region">A loop of the most rounds there may be.</param>
    /// <param name="states">Its states, of one float type, the first that were added to it.</param>
    /// <param name="mapped">What the map makes of them.</param>
    /// <param name="initials">Where to begin.</param>
    public static Solved Solve(GraphBuilder builder, LoopRegion region, IReadOnlyList<Value> states, IReadOnlyList<Value> mapped, IReadOnlyList<Value> initials, SolverSettings settings)
    {
        var samples = SampleShape(states.Select(state => state.Type).ToArray());
        var element = states[0].Type.Element;
        var number = new TensorType(element, samples);
        var count = new TensorType(ElementType.I32, samples);
        var best = states.Select(state => region.AddState(state.Type)).ToArray();
        var least = region.AddState(number);
        var active = region.AddState(count);
        var taken = region.AddState(count);

        var residual = Norm(builder, mapped.Zip(states, (next, state) => next - state), samples) / (Norm(builder, mapped, samples) + Tiny);
        var isActive = active.NotEqualTo(0);
        var isBetter = isActive.And(residual.Less(least));
        var goesOn = isActive.And(!residual.LessOrEqual(settings.Tolerance));
        var goesOnNumber = builder.Convert(goesOn, ElementType.I32);
        var own = new List<(Value Initial, Value Next)>();
        own.AddRange(best.Select((value, k) => (initials[k], builder.SpreadOver(isBetter, value.Type.Shape).Select(states[k], value))));
        own.Add((builder.Fill(double.PositiveInfinity, number), isBetter.Select(residual, least)));
        own.Add((builder.Fill(1, count), goesOnNumber));
        own.Add((builder.Fill(0, count), taken + active));
        var proposed = settings.History > 0
            ? new AndersonMixing(builder, region, states, mapped, samples, settings, Ridge).Next(own)
            : states.Select((state, k) => settings.Damping == 1 ? mapped[k] : state + (mapped[k] - state) * settings.Damping).ToArray();
        var nexts = states.Select((state, k) => builder.SpreadOver(goesOn, state.Type.Shape).Select(proposed[k], state)).ToArray();
        var stop = builder.Reduce(ReduceKind.Max, goesOnNumber, Enumerable.Range(0, samples.Count).ToArray()).EqualTo(0);
        var loop = region.Finish(initials.Concat(own.Select(state => state.Initial)).ToArray(), nexts.Concat(own.Select(state => state.Next)).ToArray(), stop, null, []);

        var last = loop.Final(2 * states.Count);
        return new Solved(states.Select((_, k) => loop.Final(states.Count + k)).ToArray(), last, loop.Final(2 * states.Count + 2), last.LessOrEqual(settings.Tolerance));
    }

    /// <summary>The states; the program does what is to be done when samples have not converged.</summary>
    public static Value[] Checked(GraphBuilder builder, Solved solved, string what, Otherwise otherwise, SolverSettings settings)
    {
        var axes = Enumerable.Range(0, solved.Residual.Type.Rank).ToArray();
        var unconverged = builder.Reduce(ReduceKind.Sum, builder.Convert(!solved.Converged, ElementType.I32), axes);
        var residual = builder.Convert(builder.Reduce(ReduceKind.Max, solved.Residual, axes), ElementType.F32);
        return solved.States.Select((state, k) => k == 0 ? builder.CheckConverged(state, unconverged, residual, what, otherwise, settings.AtMost) : state).ToArray();
    }

    /// <summary>
    /// The axes that tell samples apart: the first axis of all states, where they have the same and it is known at run time only, or there are others behind it.
    /// </summary>
    public static EquatableArray<Size> SampleShape(IReadOnlyList<TensorType> states)
    {
        var first = states[0].Rank == 0 ? null : states[0].Shape[0];
        var isShared = first is not null && states.All(state => state.Rank > 0 && state.Shape[0] == first && (!first.IsConstant || state.Rank > 1));
        return isShared ? EquatableArray<Size>.Own(first!) : default;
    }

    private static Value Norm(GraphBuilder builder, IEnumerable<Value> parts, EquatableArray<Size> samples) => builder.Apply(OperatorTable.Sqrt, parts
        .Select(part => builder.Reduce(ReduceKind.Sum, part * part, Enumerable.Range(samples.Count, part.Type.Rank - samples.Count).ToArray()))
        .Aggregate((sum, part) => sum + part));
}

/// <summary>
/// Anderson's method: the next iterate is Σ α_i f(z_i) over the last iterates, with the α of sum 1 for which Σ α_i (f(z_i) - z_i) is least. They come from the normal
/// equations, a small matrix for each sample; where that has no inverse, the step is Picard's.
/// </summary>
internal sealed class AndersonMixing(
    GraphBuilder builder, LoopRegion region, IReadOnlyList<Value> states, IReadOnlyList<Value> mapped, EquatableArray<Size> samples, SolverSettings settings, double ridge)
{
    private readonly int _history = settings.History;

    /// <summary>The next iterates. Adds the states that remember the last ones.</summary>
    public Value[] Next(List<(Value Initial, Value Next)> own)
    {
        var iterate = Flat(states);
        var step = Flat(mapped.Zip(states, (next, state) => next - state).ToArray());
        var batch = iterate.Type.Shape[0];
        var remembered = iterate.Type with { Shape = iterate.Type.Shape.Prepend(_history).ToEquatableArray() };

        // Slot step % history takes the new ones.
        var slot = builder.Iota(remembered.Shape, 0).EqualTo(builder.SizeValue(Size.Remainder(region.Step, _history), ElementType.I32));
        var iterates = Remember(iterate);
        var steps = Remember(step);

        var ofSamples = builder.Transpose(steps, 1, 0, 2);
        // Whatever a training's precision: where steps are nearly alike, their products in few bits say nothing.
        var products = builder.Contract(ofSamples, ofSamples, 1, 1, 1, 1, FloatFormat.F32);
        var weights = Weights(products, batch);
        var flat = Enumerable.Range(0, _history).Select(k => builder.SpreadOver(weights[k], iterate.Type.Shape) * (Slot(iterates, k) + Slot(steps, k) * settings.Damping)).Aggregate((sum, part) => sum + part);
        return Unflat(flat);

        Value Remember(Value value)
        {
            var state = region.AddState(remembered);
            var next = slot.Select(builder.Expand(value, 0, _history), state);
            own.Add((builder.Fill(0, remembered), next));
            return next;
        }
    }

    // α of each slot, [batch] each.
    private Value[] Weights(Value products, Size batch)
    {
        var element = products.Type.Element;
        var used = Enumerable.Range(0, _history).Select(k => builder.SizeValue(region.Step, ElementType.I32).GreaterOrEqual(k)).ToArray();
        var isSlot = Enumerable.Range(0, _history).Select(k => builder.SizeValue(Size.Remainder(region.Step, _history), ElementType.I32).EqualTo(k)).ToArray();
        Value Entry(int i, int j) => builder.View(products, EquatableArray<Size>.Own(batch), new[] { AffineMap.Index(1, 0), AffineMap.At(1, i), AffineMap.At(1, j) }.ToEquatableArray());
        var zero = builder.Fill(0, new TensorType(element, EquatableArray<Size>.Own(batch)));
        var one = builder.Fill(1, new TensorType(element, EquatableArray<Size>.Own(batch)));
        var mean = Enumerable.Range(0, _history).Select(k => Where(used[k], Entry(k, k), zero)).Aggregate((sum, entry) => sum + entry) / _history;

        // Slots that are not in use yet: a row of the identity and 0 on the right.
        var matrix = new Value[_history, _history];
        var right = new Value[_history];
        for (var i = 0; i < _history; i++)
        {
            right[i] = Where(used[i], one, zero);
            for (var j = i; j < _history; j++) matrix[i, j] = i == j ? Where(used[i], Entry(i, i) / mean + ridge, one) : Where(used[j], Entry(i, j) / mean, zero);
        }
        // Elimination without pivots: the matrix is symmetric and positive. Of a symmetric matrix the upper half is enough.
        Value? isSound = null;
        for (var k = 0; k < _history; k++)
        {
            var isPositive = matrix[k, k].Greater(ridge / 100);
            isSound = isSound is { } sound ? sound.And(isPositive) : isPositive;
            for (var i = k + 1; i < _history; i++)
            {
                var factor = matrix[k, i] / matrix[k, k];
                for (var j = i; j < _history; j++) matrix[i, j] = matrix[i, j] - factor * matrix[k, j];
                right[i] = right[i] - factor * right[k];
            }
        }
        for (var i = _history - 1; i >= 0; i--)
        {
            for (var j = i + 1; j < _history; j++) right[i] = right[i] - matrix[i, j] * right[j];
            right[i] = right[i] / matrix[i, i];
        }
        var sum = right.Aggregate((total, value) => total + value);
        var isUsable = isSound!.Value.And(sum.Greater(0));
        return right.Select((value, k) => isUsable.Select(value / sum, Where(isSlot[k], one, zero))).ToArray();
    }

    private Value Where(Value condition, Value whenTrue, Value whenFalse) => builder.Broadcast(condition, whenTrue.Type.Shape).Select(whenTrue, whenFalse);

    private Value Slot(Value history, int k) => builder.AtStep(history, k);

    // All states of a sample in one row: [batch, width].
    private Value Flat(IReadOnlyList<Value> values)
    {
        var batch = Size.Product(samples);
        return builder.Concat(values.Select(value => builder.Reshape(value, EquatableArray<Size>.Own(batch, Width(value)))).ToArray(), 1);
    }

    private Value[] Unflat(Value flat)
    {
        var start = Size.Zero;
        return states.Select(state =>
        {
            var part = builder.Slice(flat, 1, start, Width(state));
            start += Width(state);
            return builder.Reshape(part, state.Type.Shape);
        }).ToArray();
    }

    private Size Width(Value value) => Size.Product(value.Type.Shape.Skip(samples.Count));
}
