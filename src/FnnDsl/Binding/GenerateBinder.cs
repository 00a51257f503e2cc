using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Binds a generate: a body over trained networks, as inference. Its dims are sizes, and its numbers tensors, that the caller gives.</summary>
internal sealed class GenerateBinder(ModuleScope scope, DiagnosticBag diagnostics, GenerateSymbol symbol)
{
    private CallableDeclaration Program => symbol.Declaration.Program;

    /// <summary>Whether a parameter is a number that the caller gives at run time, such as <c>temperature: f32 = 1</c>: a scalar, not a setting.</summary>
    public static bool IsScalar(Symbol symbol, ParameterSyntax parameter) =>
        symbol is GenerateSymbol && parameter.Type.Axes is null && parameter.Type.Element.Text is "f32" or "f64" or "i32" or "i64";

    public (BoundGenerate? Result, BoundGenerate? Signature) Bind()
    {
        if (NetUse.Bind(scope, diagnostics, symbol, symbol.Declaration.Nets) is not { } nets) return (null, null);
        var hasBroken = nets.Any(net => net.IsBroken);
        var context = new BindingContext(scope, diagnostics, training: false, symbolic: false);
        var frame = new Frame(symbol, null, default);
        if (!NetUse.Enter(context, frame, nets)) return (null, null);
        var body = new BodyBinder(context, frame);
        if (BindArguments(body) is not { } arguments) return (null, null);
        var inputs = Program.Parameters.Where(parameter => !IsSize(parameter)).Select(parameter => IsScalar(symbol, parameter)
            ? parameter with { Type = parameter.Type with { Axes = EquatableArray<AxisSyntax>.Empty }, Default = null } : parameter).ToEquatableArray();
        var tensors = body.BindInputs(inputs, Program.Where, out var axes);
        foreach (var size in Program.Parameters.Where(IsSize)) context.AddGuard(new BoundGuard($"0 <= {size.Name.Text}", Size.Zero, "<=", Size.Axis(size.Name.Text), frame.OriginAt(size.Span)));
        axes = Program.Parameters.Where(IsSize).Select(parameter => parameter.Name.Text).Concat(axes).ToEquatableArray();

        var empty = new Graph(default, default);
        var bound = new BoundGenerate(
            symbol.Namespace, symbol.Name, symbol.Declaration.Doc, nets.Select(net => net.Bound).ToEquatableArray(),
            arguments, axes, tensors.ToEquatableArray(), default, default, empty, null, new Origin(symbol.FullName, 0)) { Streamed = Streamed(body) };
        if (hasBroken || body.HasWrongHead) return (null, bound with { Results = body.DeclaredQuietly(Program.Results) });
        body.BindStatements(Program.Body);
        if (body.TakeResults(Program) is not { } results || diagnostics.HasErrors) return (null, bound with { Results = body.DeclaredQuietly(Program.Results) });

        bound = bound with
        {
            Results = body.BoundResults(Program.Results, results),
            Inputs = tensors.Select((input, k) => input with { Sampling = context.SamplingOf(k) }).ToEquatableArray(),
            Guards = Guards(body).ToEquatableArray(),
        };
        if (diagnostics.HasErrors) return (null, bound);
        var graph = context.Builder.Build(results.Select((result, k) => new GraphOutput(new ResultTarget(k, bound.Results[k].Name), result.Value.Id)));
        if (context.Growth is { } binding) graph = binding.WithArguments(graph);
        var growth = context.Growth?.Bound(context.Builder);
        var checks = new BorderChecks(axes, [growth is null ? [graph] : [graph, growth.Initial, growth.Round]], []);
        bound = bound with
        {
            Inputs = checks.Of(bound.Inputs),
            Body = checks.Without(graph),
            Growth = growth is null ? null : growth with { Initial = checks.Without(growth.Initial), Round = checks.Without(growth.Round) },
        };
        return (bound, bound);
    }

    // As the signature of the state says, whatever else is wrong.
    private BoundTensor? Streamed(BodyBinder body)
    {
        var state = Program.Body.OfType<FeedbackStatement>().SelectMany(feedback => feedback.States).FirstOrDefault(state => state.Grows);
        if (state?.Type.Axes is not { } axes) return null;
        var element = axes.Where(axis => axis is not SizeAxis { AtMost: not null }).ToEquatableArray();
        return body.DeclaredQuietly(EquatableArray<ResultSyntax>.Own(new ResultSyntax(state.Name, state.Type with { Axes = element }, state.Span)))[0];
    }

    // What a round demands of the length it has reached, the first and the last demand of the caller.
    private IEnumerable<BoundGuard> Guards(BodyBinder body)
    {
        var growth = body.Context.Growth;
        foreach (var guard in body.Context.RemainingGuards)
        {
            if (growth is null || !guard.AxisNames.Contains(growth.Axis))
            {
                yield return guard;
                continue;
            }
            Size At(Size size, Size length) => size.Substitute(name => name == growth.Axis ? length : null);
            var longest = growth.Slide is null ? growth.Start + growth.Rounds - Size.One : growth.Capacity - Size.One;
            var (left, right) = guard.Comparison switch
            {
                "<=" or "<" => (At(guard.Left, longest), At(guard.Right, Shortest(growth))),
                ">=" or ">" => (At(guard.Left, Shortest(growth)), At(guard.Right, longest)),
                _ => (Size.Zero, Size.Zero),
            };
            if (guard.Comparison is "==" or "!=" || (left.IsConstant && right.IsConstant && !(guard with { Left = left, Right = right }).Holds(_ => 0)))
            {
                body.Report(DiagnosticTable.GrowthUnfit, Program.Name.Span, $"{guard.Text} does not hold in each round: '{growth.Axis}' goes from {growth.Start} to {longest}");
                yield break;
            }
            if (!body.Context.Facts.IsNotNegativeWhenEmpty(guard.Comparison is "<=" or "<" ? right - left - (guard.Comparison == "<" ? 1 : 0) : left - right - (guard.Comparison == ">" ? 1 : 0))) yield return guard with { Left = left, Right = right };
        }
    }

    // A state that slides may be shorter than it began.
    private static Size Shortest(GrowthBinding growth) => growth.Slide is { } slide && (growth.Capacity - slide).TryGetConstant(out var left)
        ? growth.Start.TryGetConstant(out var start) && start < left ? growth.Start : left
        : growth.Start;

    private static bool IsSize(ParameterSyntax parameter) => parameter.Type.Axes is null && parameter.Type.Element.Text is "dim" or "int";

    /// <summary>What the caller gives; sizes become known to the body. Null after a diagnostic.</summary>
    private EquatableArray<BoundArgument>? BindArguments(BodyBinder body)
    {
        var arguments = new List<BoundArgument>();
        var inputs = 0;
        foreach (var parameter in Program.Parameters)
        {
            var isSize = IsSize(parameter);
            double? initial = null;
            if (parameter.Default is { } given)
            {
                if (!BodyBinder.TryNumber(body.Bind(given), out var number, out var isWhole) || (parameter.Type.Element.Text is not ("f32" or "f64") && !isWhole) || parameter.Type.Axes is not null)
                {
                    body.Report(DiagnosticTable.BadArgumentValue, given.Span, $"'{parameter.Name.Text}' is given at run time, and only a number may stand for it");
                    return null;
                }
                initial = number;
            }
            if (!isSize && parameter.Type.Axes is null && !IsScalar(symbol, parameter))
            {
                body.Report(DiagnosticTable.BadArgumentValue, parameter.Type.Span, [], "write dim, int, i32, f32, or the axes of a tensor", $"a generate is given tensors, sizes and numbers, and '{parameter.Name.Text}' is none");
                return null;
            }
            if (isSize && !body.IsApartInCSharp(parameter.Name.Text, parameter.Name.Span)) return null;
            if (isSize) body.Frame.Config[parameter.Name.Text] = new SizeOperand(Size.Axis(parameter.Name.Text));
            arguments.Add(new BoundArgument(parameter.Name.Text, isSize ? -1 : inputs++, initial));
        }
        return arguments.ToEquatableArray();
    }
}
