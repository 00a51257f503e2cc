using System.Globalization;
using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Tests.Syntax;

/// <summary>Writes trees with all their parentheses, so that tests can say how a text was understood.</summary>
internal static class SyntaxPrinter
{
    public static string Print(Expression expression) => expression switch
    {
        NumberExpression number => number.Value.ToString(CultureInfo.InvariantCulture) + (number.IsInteger ? "" : "f"),
        StringExpression text => "'" + text.Value + "'",
        NameExpression name => name.Name,
        UnaryExpression unary => $"({unary.Operator} {Print(unary.Operand)})",
        BinaryExpression binary => $"({binary.Operator} {Print(binary.Left)} {Print(binary.Right)})",
        PipeExpression pipe => $"({Print(pipe.Value)} |> {Print(pipe.Target)})",
        CallExpression call => $"{Print(call.Callee)}({string.Join(", ", call.Arguments.Select(Print))})",
        MemberExpression member => $"{Print(member.Target)}.{member.Member}",
        SubscriptExpression subscript => $"{Print(subscript.Target)}[{string.Join(", ", subscript.Subscripts.Select(Print))}]",
        ReshapeExpression reshape => $"({Print(reshape.Value)} as [{string.Join(", ", reshape.Axes.Select(Print))}])",
        ReduceExpression reduce => $"({reduce.Reducer}[{string.Join(", ", reduce.Indices.Select(Print))}] {Print(reduce.Body)})",
        TupleExpression tuple => $"<{string.Join(", ", tuple.Items.Select(Print))}>",
        ShapeExpression shape => $"[{string.Join(", ", shape.Axes.Select(Print))}]",
        MissingExpression => "missing",
        _ => throw new InvalidOperationException($"The printer doesn't know {expression.GetType().Name}."),
    };

    public static string Print(IndexVariable index) => index.Range is null ? index.Name.Text : $"{index.Name}: {Print(index.Range)}";

    public static string Print(AxisSyntax axis) => axis is SizeAxis size ? Print(size.Size) + (size.AtMost is { } most ? $" <= {Print(most)}" : "") : "...";

    public static string Print(TypeSyntax type) =>
        type.Axes is { } axes ? $"{type.Element}[{string.Join(", ", axes.Select(Print))}]" : type.Element.Text;

    public static string Print(Statement statement) => statement switch
    {
        BindStatement bind => $"{string.Join(" ", bind.Targets)}{Named(bind.CheckpointName)} = {Print(bind.Value)}",
        IndexBindStatement bind => $"{bind.Target}[{string.Join(", ", bind.Indices.Select(Print))}] = {Print(bind.Value)}",
        StorageStatement storage =>
            $"{(storage.IsBuffer ? "buffer" : "param")} {storage.Name}: {Print(storage.Type)}{Named(storage.CheckpointName)}{Initial(storage.Initial)}",
        UpdateStatement update => $"{update.Target} <- {Print(update.Value)}",
        RepeatStatement repeat => $"repeat {Print(repeat.Count)} as {repeat.Index} : {repeat.Path} {(repeat.Checkpoint is null ? "" : repeat.Every is null ? "checkpoint " : $"checkpoint every {Print(repeat.Every)} ")}{Print(repeat.Body)}",
        FeedbackStatement feedback =>
            $"feedback ({string.Join(", ", feedback.States.Select(Print))}) {Print(feedback.Form)}{Options(feedback)} {Print(feedback.Body)}",
        EmitStatement emit => $"emit {emit.Name} = {Print(emit.Value)}{Optional(" along ", emit.Along)}",
        IfStatement choice => $"if {Print(choice.Condition)} {Print(choice.Then)} else {Print(choice.Else)}",
        ReturnStatement end => $"return {string.Join(" ", end.Values.Select(Print))}",
        MinimizeStatement minimize =>
            $"minimize {Print(minimize.Loss)} over {string.Join(" ", minimize.Over.Select(Print))} with {Print(minimize.Optimizer)} every {Every(minimize.Every)}",
        MetricStatement metric => $"metric {metric.Name} = {Print(metric.Value)}",
        ClipStatement clip => $"clip {Print(clip.Limit)}",
        BudgetStatement budget =>
            $"budget {budget.Resource} {Print(budget.Number)} {budget.Unit} at {string.Join(" ", budget.Sizes.Select(size => $"{size.Axis}: {Print(size.Value)}"))}",
        FreezeStatement freeze => $"freeze {string.Join(" ", freeze.Paths.Select(Print))}",
        _ => throw new InvalidOperationException($"The printer doesn't know {statement.GetType().Name}."),
    };

    public static string Print(IEnumerable<Statement> statements) => "{" + string.Join("; ", statements.Select(Print)) + "}";

    private static string Print(StateSyntax state) => $"{(state.Grows ? "grow " : "")}{state.Name}: {Print(state.Type)}{Initial(state.Initial)}";

    private static string Print(FeedbackForm form) => form switch
    {
        OverForm over => $"over {string.Join(", ", over.Sources.Select(source => $"{source.Name} in {Print(source.Value)}"))} along {Print(over.Axis)}",
        TimesForm times => $"times {Print(times.Count)}",
        UntilForm until => $"until {Print(until.Condition)}, at_most {Print(until.AtMost)}",
        HaltForm halt => $"halt {Print(halt.Probability)}, at_most {Print(halt.AtMost)}",
        FixedPointForm point => $"fixed_point({string.Join(", ", point.Arguments.Select(Print))})",
        _ => throw new InvalidOperationException($"The printer doesn't know {form.GetType().Name}."),
    };

    private static string Options(FeedbackStatement feedback) =>
        (feedback.Step is { } step ? $" as {step}" : "")
        + (feedback.Reverse is { } reverse ? $" {reverse}" : "")
        + Optional(" lengths ", feedback.Lengths)
        + Optional(" truncate ", feedback.Truncate)
        + Optional(" checkpoint ", feedback.Checkpoint)
        + (feedback.Otherwise is { } otherwise ? $" else {otherwise}" : "");

    private static string Print(PathPattern path) => string.Join(".", path.Parts);

    private static string Print(Argument argument) => argument.Name is null ? Print(argument.Value) : $"{argument.Name}: {Print(argument.Value)}";

    private static string Print(Subscript subscript) => subscript switch
    {
        IndexSubscript index => Print(index.Index),
        RangeSubscript range => $"{Part(range.From)}:{Part(range.To)}:{Part(range.Step)}",
        _ => "...",
    };

    private static string Part(Expression? part) => part is null ? "" : Print(part);

    private static string Every(Expression? every) => every is null ? "1" : Print(every);

    private static string Named(StringExpression? name) => name is null ? "" : $" named '{name.Value}'";

    private static string Initial(Expression? initial) => Optional(" = ", initial);

    private static string Optional(string before, Expression? value) => value is null ? "" : before + Print(value);
}
