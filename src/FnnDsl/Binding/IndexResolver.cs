using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Turns the syntax of index notation into <see cref="IndexTerm"/>s: tells index variables from other names, leaves what has none in it to
/// the binder, and collects which axes each index runs over. Null stands for a part with an error, which has been reported.
/// </summary>
internal sealed class IndexResolver(IIndexScope scope, IndexRanges ranges)
{
    // Innermost last.
    private readonly List<RunningIndex> _indices = [];
    private readonly HashSet<string> _unknownNames = [];
    private int _count;

    /// <summary>Declares the variables on the left of a statement or in a reducer's brackets; null when one of them can't be.</summary>
    public IReadOnlyList<RunningIndex>? Declare(EquatableArray<IndexVariable> variables)
    {
        var declared = new List<RunningIndex>();
        var isRight = true;
        foreach (var variable in variables)
        {
            var name = variable.IsEllipsis ? "..." : variable.Name.Text;
            if (_indices.Find(index => index.Name == name) is { } same)
            {
                scope.Report(DiagnosticTable.IndexTwice, variable.Span, [new Label(scope.At(same.Span), "it is declared here")], null, name);
                isRight = false;
                continue;
            }
            if (!variable.IsEllipsis && scope.Lookup(name) is { } hidden and (TensorOperand or NumberOperand or SizeOperand or BoolOperand or AdaptingOperand or ShapeOperand))
            {
                var free = FreeName(name, variables);
                scope.Report(DiagnosticTable.IndexHides, variable.Span, [], free is null ? null : $"name the index {free}, here and where it is used", name, hidden.Kind);
                isRight = false;
                continue;
            }
            var index = new RunningIndex(name, variable.Span, _count++, variable.IsEllipsis) { HasWrittenRange = variable.Range is not null };
            if (variable.Range is { } range)
            {
                if (scope.EvaluateSize(range) is not { } size)
                {
                    isRight = false;
                    continue;
                }
                var note = new AxisNote((range as NameExpression)?.Name, scope.At(range.Span));
                index.Fix(EquatableArray<Size>.Own(size), EquatableArray<AxisNote>.Own(note), range.Span);
            }
            _indices.Add(index);
            ranges.Add(index);
            declared.Add(index);
        }
        return isRight ? declared : null;
    }

    // A letter that nothing is named: the first one of the name, or one that indices mostly have.
    private string? FreeName(string name, EquatableArray<IndexVariable> variables) =>
        new[] { name.Substring(0, 1), "i", "j", "k", "m", "n", "p", "q" }.FirstOrDefault(letter =>
            scope.Lookup(letter) is null && !_indices.Exists(index => index.Name == letter) && !variables.Any(variable => !variable.IsEllipsis && variable.Name.Text == letter));

    public IndexTerm? Resolve(Expression expression)
    {
        if (!UsesIndices(expression)) return ResolveConstant(expression);
        switch (expression)
        {
            case NameExpression name:
                return new PositionTerm(Find(name.Name)!, name.Span);
            case SubscriptExpression subscript:
                return ResolveAccess(subscript);
            case BinaryExpression { Operator: BinaryOperator.MatrixMultiply } product:
                scope.Report(DiagnosticTable.WholeTensorOperation, product.OperatorSpan, [], "write '*', and a 'sum[…]' around the product", "'@'");
                return null;
            case BinaryExpression binary:
                var (left, right) = (Resolve(binary.Left), Resolve(binary.Right));
                return left is null || right is null ? null : new BinaryTerm(binary, left, right);
            case UnaryExpression unary:
                return Resolve(unary.Operand) is { } value ? new UnaryTerm(unary, value) : null;
            case PipeExpression pipe:
                return ResolveCall(AsCall(pipe));
            case CallExpression call:
                return ResolveCall(call);
            case ReduceExpression reduce:
                return ResolveReduce(reduce);
            case MissingExpression:
                return null;
            default:
                scope.Report(DiagnosticTable.WholeTensorOperation, expression.Span, $"'{Text(expression)}'");
                return null;
        }
    }

    private IndexTerm? ResolveConstant(Expression expression)
    {
        var operand = scope.Evaluate(expression);
        if (operand is PoisonOperand) return null;
        if (operand is not TensorOperand { Rank: > 0 } tensor) return new ConstantTerm(operand, expression.Span);
        // Axes meet from the right, as in broadcasting: so most likely the last indices are meant.
        var names = _indices.Where(one => !one.IsGroup).Select(one => one.Name).ToArray();
        var fix = names.Length >= tensor.Rank ? $"for example {(expression is NameExpression ? Text(expression) : $"({Text(expression)})")}[{string.Join(", ", names.Skip(names.Length - tensor.Rank))}]" : null;
        scope.Report(DiagnosticTable.IndicesMissing, expression.Span, [], fix, Text(expression), tensor.Type, tensor.Rank == 1 ? "an index" : $"{tensor.Rank} indices");
        return null;
    }

    private ReduceTerm? ResolveReduce(ReduceExpression reduce)
    {
        var before = _indices.Count;
        var declared = Declare(reduce.Indices);
        var body = declared is null ? null : Resolve(reduce.Body);
        _indices.RemoveRange(before, _indices.Count - before);
        return body is null ? null : new ReduceTerm(reduce, declared!, body);
    }

    private IndexTerm? ResolveCall(CallExpression call)
    {
        if (UsesIndices(call.Callee))
        {
            scope.Report(DiagnosticTable.WholeTensorOperation, call.Callee.Span, $"'{Text(call.Callee)}'");
            return null;
        }
        var arguments = call.Arguments.Select(argument => Resolve(argument.Value)).ToArray();
        return arguments.Any(argument => argument is null) ? null : new CallTerm(call, arguments!);
    }

    // value |> f(a) is f(value, a).
    private static CallExpression AsCall(PipeExpression pipe)
    {
        var value = new Argument(null, pipe.Value, pipe.Value.Span);
        return pipe.Target is CallExpression call
            ? call with { Arguments = new[] { value }.Concat(call.Arguments).ToEquatableArray(), Span = pipe.Span }
            : new CallExpression(pipe.Target, EquatableArray<Argument>.Own(value), pipe.Span);
    }

    private AccessTerm? ResolveAccess(SubscriptExpression access)
    {
        if (UsesIndices(access.Target))
        {
            scope.Report(DiagnosticTable.WholeTensorOperation, access.Span, "indexing");
            return null;
        }
        var text = Text(access.Target);
        switch (scope.Evaluate(access.Target))
        {
            case PoisonOperand:
                return null;
            case TensorOperand tensor:
                return ResolveAxes(access, tensor, text) is { } axes ? new AccessTerm(tensor, text, axes, access.Span) : null;
            case var other:
                scope.Report(DiagnosticTable.NotATensor, access.Target.Span, "indexing", other.Kind);
                return null;
        }
    }

    private List<AxisAccess>? ResolveAxes(SubscriptExpression access, TensorOperand tensor, string text)
    {
        if (access.Subscripts.FirstOrDefault(subscript => subscript is RangeSubscript) is { } slice)
        {
            scope.Report(DiagnosticTable.SliceInIndexNotation, slice.Span, [], "put an index here; slice the tensor on a line before", []);
            return null;
        }
        var ellipses = access.Subscripts.Count(subscript => subscript is EllipsisSubscript);
        var written = access.Subscripts.Count - ellipses;
        if (ellipses > 1 || written > tensor.Rank || (ellipses == 0 && written < tensor.Rank))
        {
            var labels = tensor.Notes.Where(note => note.Source is not null).Select(note => new Label(note.Source!.Value, note.Name is null ? "an axis" : $"axis '{note.Name}'"));
            scope.Report(DiagnosticTable.IndexCount, access.Span, labels, null, text, tensor.Type, Count(tensor.Rank), ellipses > 1 ? "two '...'" : $"{written}");
            return null;
        }

        var axes = new List<AxisAccess>();
        var isRight = true;
        foreach (var subscript in access.Subscripts)
        {
            if (subscript is EllipsisSubscript)
            {
                if (Find("...") is not { } group)
                {
                    scope.Report(DiagnosticTable.EllipsisNotDeclared, subscript.Span, [], "put '...' on the left too", []);
                    return null;
                }
                var rank = tensor.Rank - written;
                isRight &= ranges.Meet(group, tensor.Shape.Skip(axes.Count).Take(rank).ToEquatableArray(), tensor.Notes.Skip(axes.Count).Take(rank).ToEquatableArray(), subscript.Span);
                for (var position = 0; position < rank; position++) axes.Add(new GroupAccess(group, position, subscript.Span));
                continue;
            }
            var axis = axes.Count;
            if (ResolveAxis(((IndexSubscript)subscript).Index, tensor, text, axis) is not { } resolved)
            {
                isRight = false;
                axes.Add(new AffineAccess(Size.Zero, [], subscript.Span));
                continue;
            }
            if (resolved is AffineAccess affine) isRight &= ranges.Meet(affine, tensor.Shape[axis], tensor.Notes[axis], text);
            axes.Add(resolved);
        }
        return isRight ? axes : null;
    }

    private AxisAccess? ResolveAxis(Expression index, TensorOperand tensor, string text, int axis)
    {
        if (UnknownName(index) is { } unknown)
        {
            // Of a name that stands at several places it is said once.
            if (!_unknownNames.Add(unknown.Name)) return null;
            // What is read at an index is a tensor.
            if (Inside(index).Any(part => part is SubscriptExpression { Target: NameExpression target } && target.Name == unknown.Name))
            {
                scope.Evaluate(unknown);
                return null;
            }
            var known = string.Join(", ", _indices.Where(one => !one.IsGroup).Select(one => one.Name));
            var fix = Spelling.Closest(unknown.Name, _indices.Select(one => one.Name)) is { } close ? $"write {close}" : $"put '{unknown.Name}' on the left, or sum over it: sum[{unknown.Name}] …";
            scope.Report(DiagnosticTable.IndexUnknown, unknown.Span, [], fix, unknown.Name,
                known.Length == 0 ? "it stands neither on the left nor in a reducer's brackets" : $"the indices are {known}");
            return null;
        }
        if (Affine(index) is { } affine)
        {
            // -1 is the last, as in a slice.
            if (affine.Parts.Count == 0 && affine.Offset.TryGetConstant(out var constant) && constant < 0) affine = affine with { Offset = tensor.Shape[axis] + constant };
            return affine with { Span = index.Span };
        }
        if (!HasIntegerTensor(index))
        {
            if (Resolve(index) is not { } term) return null;
            // The step of a loop is an integer, and so is a sum with it.
            if (term is ConstantTerm { Operand: AdaptingOperand { IsInteger: true } step } constantTerm && scope.Adapt(step, ElementType.I32, index.Span) is { } number) term = constantTerm with { Operand = number };
            if (term is not ConstantTerm { Operand: TensorOperand })
            {
                scope.Report(DiagnosticTable.IndexNotAffine, index.Span, Text(index));
                return null;
            }
            return new GatherAccess(term, Text(index), index.Span);
        }
        return Resolve(index) is { } gathered ? new GatherAccess(gathered, Text(index), index.Span) : null;
    }

    // Offset + Σ coefficient · index; null when it is not that (nothing has been reported then, except by the binder).
    private AffineAccess? Affine(Expression expression)
    {
        if (!UsesIndices(expression))
        {
            if (HasIntegerTensor(expression)) return null;
            return scope.Evaluate(expression) switch
            {
                NumberOperand { IsInteger: true } number => new AffineAccess((long)number.Number, [], expression.Span),
                SizeOperand size => new AffineAccess(size.Size, [], expression.Span),
                _ => null,
            };
        }
        switch (expression)
        {
            case NameExpression name:
                var index = Find(name.Name)!;
                return index.IsGroup ? null : new AffineAccess(Size.Zero, [(index, Size.One)], expression.Span);
            case UnaryExpression { Operator: UnaryOperator.Negate } negation:
                return Affine(negation.Operand) is { } negated ? Scale(negated, -1) : null;
            case BinaryExpression { Operator: BinaryOperator.Add or BinaryOperator.Subtract } sum:
                if (Affine(sum.Left) is not { } a || Affine(sum.Right) is not { } b) return null;
                if (sum.Operator == BinaryOperator.Subtract) b = Scale(b, -1);
                var parts = a.Parts.Concat(b.Parts).GroupBy(part => part.Index, (one, all) => (one, all.Aggregate(Size.Zero, (total, part) => total + part.Coefficient)));
                return new AffineAccess(a.Offset + b.Offset, parts.Where(part => !part.Item2.IsZero).ToArray(), expression.Span);
            case BinaryExpression { Operator: BinaryOperator.Multiply } product:
                if (Affine(product.Left) is not { } left || Affine(product.Right) is not { } right) return null;
                return left.Parts.Count == 0 ? Scale(right, left.Offset) : right.Parts.Count == 0 ? Scale(left, right.Offset) : null;
            default:
                return null;
        }
    }

    private static AffineAccess Scale(AffineAccess access, Size factor) =>
        access with { Offset = access.Offset * factor, Parts = access.Parts.Select(part => (part.Index, part.Coefficient * factor)).ToArray() };

    // Whether an index is read from a tensor: then it is a gather and not affine, without looking further.
    private bool HasIntegerTensor(Expression expression) => Inside(expression).Any(part => part is SubscriptExpression or CallExpression
        || (part is NameExpression name && Find(name.Name) is null && scope.Lookup(name.Name) is TensorOperand));

    private NameExpression? UnknownName(Expression expression) =>
        Inside(expression).OfType<NameExpression>().FirstOrDefault(name => Find(name.Name) is null && scope.Lookup(name.Name) is null && name.Name is not ("true" or "false" or "inf"));

    private RunningIndex? Find(string name) => _indices.FindLast(index => index.Name == name);

    private bool UsesIndices(Expression expression) => Inside(expression).Any(part => part switch
    {
        ReduceExpression => true,
        NameExpression name => Find(name.Name) is not null,
        SubscriptExpression subscript => Find("...") is not null && subscript.Subscripts.Any(one => one is EllipsisSubscript),
        _ => false,
    });

    // The expression and all parts of it that are values; not callees, which are names of functions.
    private static IEnumerable<Expression> Inside(Expression expression)
    {
        var pending = new Stack<Expression>();
        pending.Push(expression);
        while (pending.Count > 0)
        {
            var next = pending.Pop();
            yield return next;
            foreach (var part in Parts(next)) pending.Push(part);
        }
    }

    private static IEnumerable<Expression> Parts(Expression expression) => expression switch
    {
        UnaryExpression unary => [unary.Operand],
        BinaryExpression binary => [binary.Right, binary.Left],
        PipeExpression pipe => pipe.Target is NameExpression ? [pipe.Value] : [pipe.Target, pipe.Value],
        CallExpression call => (call.Callee is NameExpression ? Enumerable.Empty<Expression>() : [call.Callee]).Concat(call.Arguments.Select(argument => argument.Value)),
        MemberExpression member => [member.Target],
        SubscriptExpression subscript => subscript.Subscripts.SelectMany(one => one switch
        {
            IndexSubscript index => [index.Index],
            RangeSubscript range => new[] { range.From, range.To, range.Step }.OfType<Expression>(),
            _ => Enumerable.Empty<Expression>(),
        }).Append(subscript.Target),
        ReshapeExpression reshape => [reshape.Value],
        TupleExpression tuple => tuple.Items,
        _ => [],
    };

    private string Text(Expression expression) => scope.At(expression.Span).Source.GetText(expression.Span);

    private static string Count(int rank) => rank switch { 0 => "no indices", 1 => "1 index", _ => $"{rank} indices" };
}
