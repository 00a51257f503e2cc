using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Reducers. A sum of a product becomes matrix products where it has their form; everything else reduces the last axes of its elements.
internal sealed partial class IndexLowering
{
    // One factor of a product; IsDivisor: the product is divided by it.
    private sealed record Factor(BinaryExpression? Expression, IndexedOperand Operand, bool IsDivisor);

    private IndexedOperand? LowerReduce(ReduceTerm term)
    {
        var reducer = term.Expression.Reducer;
        var isSum = reducer is Reducer.Sum or Reducer.Mean;
        if (isSum && term.Body is BinaryTerm { Expression.Operator: BinaryOperator.Multiply or BinaryOperator.Divide } or UnaryTerm)
        {
            var factors = new List<Factor>();
            if (!Flatten(term.Body, null, false, factors, out var isNegative)) return null;
            // Integers stay one expression: a matrix product takes floats.
            if (factors.Any(factor => factor.Operand.Operand is TensorOperand) && factors.All(factor => factor.Operand.Operand is not TensorOperand { Element: not (ElementType.F32 or ElementType.F64) }))
            {
                return SumOfProduct(term, factors, isNegative) is { } sum ? Average(term, sum) : null;
            }
        }
        if (Lower(term.Body) is not { } body || AsTensor(term, body) is not { } value) return null;
        var result = ReduceOver(reducer, value, term.Indices);
        return isSum ? Average(term, result) : result;
    }

    // What a reducer can take: a tensor of numbers.
    private IndexedOperand? AsTensor(ReduceTerm term, IndexedOperand body)
    {
        var reducer = term.Expression.Reducer;
        if (body.Operand is not TensorOperand tensor)
        {
            return scope.Adapt(body.Operand, scope.Float, term.Body.Span) is { } adapted ? body with { Operand = adapted } : null;
        }
        if (tensor.Element == ElementType.Bool && reducer is not (Reducer.Sum or Reducer.Mean))
        {
            scope.Report(DiagnosticTable.ReduceElement, term.Body.Span, [], null, reducer.ToString().ToLowerInvariant(), tensor.Element.Text());
            return null;
        }
        var element = reducer == Reducer.Mean && !tensor.Element.IsFloat() ? ElementType.F32 : tensor.Element == ElementType.Bool ? ElementType.I32 : tensor.Element;
        return body with { Operand = new TensorOperand(builder.Convert(tensor.Value, element)) };
    }

    // A mean is a sum divided by how many there are.
    private IndexedOperand Average(ReduceTerm term, IndexedOperand sum)
    {
        if (term.Expression.Reducer != Reducer.Mean) return sum;
        return sum with { Operand = new TensorOperand(sum.Value / builder.SizeValue(Count(term.Indices), sum.Value.Type.Element)) };
    }

    private IndexedOperand ReduceOver(Reducer reducer, IndexedOperand body, IReadOnlyList<RunningIndex> reduced)
    {
        // The largest of equal ones is any of them; sums and products count each.
        var missing = reducer is Reducer.Max or Reducer.Min ? [] : reduced.Where(index => index.Rank > 0 && !body.DependsOn(index)).ToArray();
        var kept = body.Indices.Except(reduced).OrderBy(index => index.Order).ToArray();
        var kind = reducer switch { Reducer.Max => ReduceKind.Max, Reducer.Min => ReduceKind.Min, Reducer.Prod => ReduceKind.Prod, _ => ReduceKind.Sum };

        // Axes side by side are reduced where they stand: a sum down the rows of a matrix reads it as it lies.
        var axes = body.Indices.Where(reduced.Contains).SelectMany(index => Enumerable.Range(IndexedOperand.AxisOf(body.Indices, index), index.Rank)).ToArray();
        if (missing.Length == 0 && axes.Length > 0 && axes.Last() - axes[0] == axes.Length - 1 && body.Indices.Except(reduced).SequenceEqual(kept))
        {
            return new IndexedOperand(new TensorOperand(builder.Reduce(kind, body.Value, axes)), kept);
        }
        var space = kept.Concat(reduced.Where(index => body.DependsOn(index) || missing.Contains(index))).ToArray();
        var value = body.Over(space).Value;
        var first = kept.Sum(index => index.Rank);
        return new IndexedOperand(new TensorOperand(builder.Reduce(kind, value, Enumerable.Range(first, value.Type.Rank - first).ToArray())), kept);
    }

    // ---- Sums of products ----

    private IndexedOperand? SumOfProduct(ReduceTerm term, List<Factor> factors, bool isNegative)
    {
        // What does not depend on the reduced indices comes out of the sum.
        var outside = factors.Where(factor => !factor.Operand.Indices.Any(term.Indices.Contains)).ToArray();
        var inside = new List<IndexedOperand>();
        foreach (var factor in factors.Except(outside))
        {
            if (!factor.IsDivisor)
            {
                inside.Add(factor.Operand);
                continue;
            }
            // A divisor goes to a factor that has its indices, else to the last one.
            var host = inside.FindLastIndex(one => factor.Operand.Indices.All(one.DependsOn));
            if (host < 0) host = inside.Count - 1;
            var divided = host < 0 ? new IndexedOperand(new NumberOperand(1, true), []) : inside[host];
            if (Combine(factor.Expression!, divided, factor.Operand) is not { } quotient) return null;
            if (host < 0) inside.Add(quotient);
            else inside[host] = quotient;
        }

        var element = factors.Select(factor => factor.Operand.Operand).OfType<TensorOperand>().Select(tensor => (ElementType?)tensor.Element).FirstOrDefault() ?? scope.Float;
        for (var k = 0; k < inside.Count; k++)
        {
            if (inside[k].Operand is TensorOperand) continue;
            if (scope.Adapt(inside[k].Operand, element, term.Body.Span) is not { } adapted) return null;
            inside[k] = inside[k] with { Operand = adapted };
        }

        var missing = term.Indices.Where(index => !inside.Any(factor => factor.DependsOn(index))).ToArray();
        var sum = Contract(term, inside);
        if (sum is null && inside.Count > 0) return null;
        return Rescale(term, sum, outside, missing, isNegative, element);
    }

    // The sum times what came out of it.
    private IndexedOperand? Rescale(ReduceTerm term, IndexedOperand? sum, IReadOnlyList<Factor> outside, IReadOnlyList<RunningIndex> missing, bool isNegative, ElementType element)
    {
        var result = sum;
        foreach (var factor in outside)
        {
            if (result is null && !factor.IsDivisor) result = factor.Operand;
            else
            {
                var expression = factor.Expression ?? Product(term);
                expression = expression with { Operator = factor.IsDivisor ? BinaryOperator.Divide : BinaryOperator.Multiply };
                result = Combine(expression, result ?? new IndexedOperand(new NumberOperand(1, true), []), factor.Operand);
                if (result is null) return null;
            }
        }
        if (scope.Adapt(result!.Operand, element, term.Body.Span) is not { } scaled) return null;
        result = result with { Operand = scaled };
        var value = result.Value;
        if (missing.Count > 0) value *= builder.SizeValue(Count(missing), value.Type.Element);
        return result with { Operand = new TensorOperand(isNegative ? -value : value) };
    }

    // Σ of the factors' product, from left to right: each step sums over the indices that no later factor needs.
    private IndexedOperand? Contract(ReduceTerm term, List<IndexedOperand> factors)
    {
        if (factors.Count == 0) return null;
        for (var k = 0; k < factors.Count; k++)
        {
            var alone = factors[k].Indices.Where(index => term.Indices.Contains(index) && factors.Count(factor => factor.DependsOn(index)) == 1).ToArray();
            if (alone.Length > 0) factors[k] = ReduceOver(Reducer.Sum, factors[k], alone);
        }
        var product = factors[0];
        for (var k = 1; k < factors.Count; k++)
        {
            var next = factors[k];
            var summed = product.Indices.Where(index => next.DependsOn(index) && term.Indices.Contains(index) && !factors.Skip(k + 1).Any(later => later.DependsOn(index)))
                .OrderBy(index => index.Order).ToArray();
            if (Multiply(term, product, next, summed) is not { } combined) return null;
            product = combined;
        }
        return product;
    }

    private IndexedOperand? Multiply(ReduceTerm term, IndexedOperand left, IndexedOperand right, RunningIndex[] summed)
    {
        if (summed.Length == 0 || left.Value.Type.Element != right.Value.Type.Element)
        {
            return Combine(Product(term), left, right) is { } product ? ReduceOver(Reducer.Sum, product, summed) : null;
        }
        var batch = InOrder(left.Indices.Where(index => right.DependsOn(index) && !summed.Contains(index)));
        var rows = InOrder(left.Indices.Where(index => !right.DependsOn(index)));
        var columns = InOrder(right.Indices.Where(index => !left.DependsOn(index)));
        // The side whose indices come first gives the rows: then the result needs no transposition.
        if (rows.Length > 0 && columns.Length > 0 && columns.Min(index => index.Order) < rows.Min(index => index.Order))
        {
            (left, right) = (right, left);
            (rows, columns) = (columns, rows);
        }
        var value = builder.Contract(
            left.Over(batch.Concat(rows).Concat(summed).ToArray()).Value,
            right.Over(batch.Concat(columns).Concat(summed).ToArray()).Value,
            Rank(batch), Rank(rows), Rank(columns), Rank(summed));
        return new IndexedOperand(new TensorOperand(value), batch.Concat(rows).Concat(columns).ToArray());
    }

    // The factors of a product, and whether their signs make it negative.
    private bool Flatten(IndexTerm term, BinaryExpression? expression, bool isDivisor, List<Factor> factors, out bool isNegative)
    {
        isNegative = false;
        switch (term)
        {
            case UnaryTerm { Expression.Operator: UnaryOperator.Negate } negation:
                if (!Flatten(negation.Value, expression, isDivisor, factors, out isNegative)) return false;
                isNegative = !isNegative;
                return true;
            case BinaryTerm { Expression.Operator: BinaryOperator.Multiply or BinaryOperator.Divide } product when !isDivisor:
                if (!Flatten(product.Left, expression, false, factors, out var isLeftNegative)) return false;
                if (!Flatten(product.Right, product.Expression, product.Expression.Operator == BinaryOperator.Divide, factors, out var isRightNegative)) return false;
                isNegative = isLeftNegative != isRightNegative;
                return true;
            default:
                if (Lower(term) is not { } operand) return false;
                // An index that is multiplied by floats is one of them.
                var factor = operand.IsPosition ? new IndexedOperand(new AdaptingOperand(element => builder.Convert(operand.Value, element)), operand.Indices) : operand;
                factors.Add(new Factor(expression, factor, isDivisor));
                return true;
        }
    }

    private static BinaryExpression Product(ReduceTerm term)
    {
        var body = term.Expression.Body;
        return body as BinaryExpression is { } binary
            ? binary with { Operator = BinaryOperator.Multiply }
            : new BinaryExpression(BinaryOperator.Multiply, body, body, body.Span, body.Span);
    }

    private static Size Count(IEnumerable<RunningIndex> indices) => Size.Product(IndexedOperand.Shape(indices));

    private static int Rank(IEnumerable<RunningIndex> indices) => indices.Sum(index => index.Rank);

    private static RunningIndex[] InOrder(IEnumerable<RunningIndex> indices) => indices.OrderBy(index => index.Order).ToArray();
}
