using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Which names a piece of syntax reads. Index variables count too: a value can't have the name of one that matters.</summary>
internal static class Reads
{
    public static IEnumerable<string> Of(Expression? expression) => expression switch
    {
        null => [],
        NameExpression name => [name.Name],
        UnaryExpression unary => Of(unary.Operand),
        BinaryExpression binary => Of(binary.Left).Concat(Of(binary.Right)),
        PipeExpression pipe => Of(pipe.Value).Concat(Of(pipe.Target)),
        CallExpression call => Of(call.Callee).Concat(Of(call.Arguments)),
        MemberExpression member => Of(member.Target),
        SubscriptExpression subscript => Of(subscript.Target).Concat(subscript.Subscripts.SelectMany(Of)),
        ReshapeExpression reshape => Of(reshape.Value).Concat(Of(reshape.Axes)),
        ReduceExpression reduce => reduce.Indices.SelectMany(index => Of(index.Range)).Concat(Of(reduce.Body)),
        TupleExpression tuple => tuple.Items.SelectMany(Of),
        ShapeExpression shape => Of(shape.Axes),
        StringExpression text => InBraces(text),
        _ => [],
    };

    public static IEnumerable<string> Of(TypeSyntax type) => Of(type.Axes ?? default);

    public static IEnumerable<string> Of(IEnumerable<Argument> arguments) => arguments.SelectMany(argument => Of(argument.Value));

    /// <summary>Of the first names of paths: <c>net</c> of <c>net.fc1</c>.</summary>
    public static IEnumerable<string> Of(IEnumerable<PathPattern> paths) => paths.Where(path => path.Parts.Count > 0).Select(path => path.Parts[0].Text);

    public static IEnumerable<string> Of(FeedbackForm form) => form switch
    {
        OverForm over => over.Sources.SelectMany(source => Of(source.Value)).Concat(Of(over.Axis)),
        TimesForm times => Of(times.Count),
        UntilForm until => Of(until.Condition).Concat(Of(until.AtMost)),
        HaltForm halt => Of(halt.Probability).Concat(Of(halt.AtMost)),
        FixedPointForm point => Of(point.Arguments),
        _ => [],
    };

    /// <summary>Of a statement with everything in it, blocks included.</summary>
    public static IEnumerable<string> Of(Statement statement) => statement switch
    {
        BindStatement bind => Of(bind.Value).Concat(Of(bind.CheckpointName)),
        IndexBindStatement index => Of(index.Value).Concat(index.Indices.SelectMany(variable => Of(variable.Range))),
        StorageStatement storage => Of(storage.Type).Concat(Of(storage.Initial)).Concat(Of(storage.CheckpointName)),
        UpdateStatement update => Of(update.Value),
        RepeatStatement repeat => Of(repeat.Count).Concat(Of(repeat.Body)),
        IfStatement condition => Of(condition.Condition).Concat(Of(condition.Then)).Concat(Of(condition.Else)),
        FeedbackStatement feedback => OfHead(feedback).Concat(Of(feedback.Body)),
        EmitStatement emit => Of(emit.Value).Concat(Of(emit.Along)),
        ReturnStatement result => result.Values.SelectMany(Of),
        MinimizeStatement minimize => Of(minimize.Loss).Concat(Of(minimize.Over)).Concat(Of(minimize.Optimizer)).Concat(Of(minimize.Every)),
        MetricStatement metric => Of(metric.Value),
        ClipStatement clip => Of(clip.Limit),
        FreezeStatement freeze => Of(freeze.Paths),
        AccumulateStatement accumulate => Of(accumulate.Batches),
        AverageStatement average => Of(average.Decay).Append(average.Net.Text),
        BudgetStatement budget => budget.Sizes.SelectMany(size => Of(size.Value)),
        LoraStatement lora => Of(lora.Settings).Concat(Of(lora.Paths)).Concat(Of(lora.Trained)),
        _ => [],
    };

    public static IEnumerable<string> Of(IEnumerable<Statement> statements) => statements.SelectMany(Of);

    /// <summary>What stands before a feedback's body.</summary>
    public static IEnumerable<string> OfHead(FeedbackStatement feedback) => Of(feedback.Form)
        .Concat(feedback.States.SelectMany(state => Of(state.Type).Concat(Of(state.Initial))))
        .Concat(Of(feedback.Lengths)).Concat(Of(feedback.Truncate)).Concat(Of(feedback.Checkpoint));

    private static IEnumerable<string> Of(IEnumerable<AxisSyntax> axes) => axes.OfType<SizeAxis>().SelectMany(axis => Of(axis.Size).Concat(Of(axis.AtMost)));

    private static IEnumerable<string> Of(Subscript subscript) => subscript switch
    {
        IndexSubscript index => Of(index.Index),
        RangeSubscript range => Of(range.From).Concat(Of(range.To)).Concat(Of(range.Step)),
        _ => [],
    };

    // A checkpoint's name may count: named "h.{i + 1}".
    private static IEnumerable<string> InBraces(StringExpression text) => text.Value.Split('{').Skip(1).SelectMany(part => DeclarationClosure.Words(part.Split('}')[0]));
}
