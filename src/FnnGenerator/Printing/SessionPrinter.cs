using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints the stream of a model that has a one-step form: <c>Start</c>, and the session that it gives.</summary>
internal sealed class SessionPrinter(CodeWriter writer, BoundModel model, CompiledStream stream, Func<Origin, SourceLine?> lines, bool hasGpu)
{
    // Conditions on how long the stream is would be asked of something that has no end.
    private readonly SignatureText _signature = new(
        stream.Program.Axes, stream.Inputs, stream.Results, model.Guards.Where(guard => !guard.AxisNames.Contains(stream.Axis)).ToEquatableArray(), lines);

    private IReadOnlyList<SignatureItem> Inputs => _signature.Inputs;

    private IReadOnlyList<SignatureItem> Results => _signature.Results;

    private IEnumerable<string> Axes => stream.Program.Axes.Select(SizeText.Axis);

    public void Print()
    {
        writer.Line();
        writer.Summary($"Begins a stream: a session that is given one step of '{stream.Axis}' after the other and carries the states. Dispose of it when it ends; any number may run at once.");
        foreach (var axis in stream.Program.Axes) writer.Doc($"param name=\"{SizeText.Axis(axis).TrimStart('@')}\"", $"The size of '{axis}' in every step.");
        writer.Line($"public Session Start({_signature.AxisParameters}) => new(this{string.Concat(Axes.Select(axis => $", {axis}"))});");
        writer.Line();
        writer.Summary($"A stream of a {model.Name}: its steps along '{stream.Axis}', one after the other, give what Forward gives for all of them.");
        using (writer.Block("public sealed unsafe class Session : ModelSession"))
        {
            foreach (var axis in Axes) writer.Line($"private readonly int _{axis.TrimStart('@')};");
            foreach (var result in Results) writer.Line($"private readonly {result.TensorType} {Field(result)};");
            PrintConstructor();
            PrintStep();
            writer.Line();
            _signature.PrintCheck(writer, requireSamples: false);
        }
    }

    private static string Field(SignatureItem result) => "_" + result.Name.TrimStart('@') + "Result";

    private void PrintConstructor()
    {
        writer.Line();
        var states = stream.States.Select((state, k) => $"new SessionTensor(\"state{NumberText.Integer(k)}\", SafetensorsDtype.{Dtype(state.Element)}{string.Concat(state.Shape.Select(size => ", " + SizeText.Print(size)))})");
        var parameters = string.Concat(Axes.Select(axis => $", int {axis}"));
        writer.Line($"internal Session({CSharpNames.Escape(model.Name)} model{parameters})");
        using (writer.Indent()) writer.Line($": base(model, {ProgramText.New(stream.Program, "model.Device", hasGpu)}{string.Concat(states.Select(state => ", " + state))})");
        using (writer.Block(""))
        {
            foreach (var axis in Axes) writer.Line($"_{axis.TrimStart('@')} = {axis};");
            foreach (var result in Results) writer.Line($"{Field(result)} = {result.New};");
        }
    }

    private void PrintStep()
    {
        writer.Line();
        writer.Summary($"Takes the next step. What it returns is the session's: the next step overwrites it.");
        foreach (var input in Inputs) writer.Doc($"param name=\"{input.Name.TrimStart('@')}\"", input.TypeText);
        writer.Line("/// <exception cref=\"ArgumentException\">Sizes are not those the stream began with, or an index lies outside.</exception>");
        var returns = Results.Count == 1 ? Results[0].PublicType : $"({string.Join(", ", Results.Select(result => $"{result.PublicType} {result.Member}"))})";
        using (writer.Block($"public {returns} Step({SignatureText.Parameters(Inputs)})"))
        {
            using var use = writer.Block("using (Exclusively())");
            writer.Line(_signature.CheckCall);
            foreach (var (axis, name) in Axes.Zip(stream.Program.Axes, (axis, name) => (axis, name))) writer.Line($"CheckSize({CSharpNames.Literal(name)}, {axis}, _{axis.TrimStart('@')});");
            foreach (var input in Inputs.Where(input => input.IsScalar)) writer.Line($"var {Number(input)} = {input.Name};");
            var inputs = Inputs.Select(input => input.IsScalar ? $"&{Number(input)}" : input.Name + ".Pointer").Concat(stream.States.Select((_, k) => $"StateNow({NumberText.Integer(k)})")).Concat(stream.UsesPosition ? ["PositionNow"] : []);
            var results = Results.Select(result => Field(result) + ".Pointer").Concat(stream.States.Select((_, k) => $"StateNext({NumberText.Integer(k)})"));
            writer.Line(stream.Program.Axes.Count == 0 ? "nint* sizes = null;" : $"var sizes = stackalloc nint[] {{ {string.Join(", ", Axes)} }};");
            writer.Line($"var inputs = stackalloc void*[] {{ {string.Join(", ", inputs)} }};");
            writer.Line($"var results = stackalloc void*[] {{ {string.Join(", ", results)} }};");
            writer.Line("Advance(sizes, inputs, results);");
            foreach (var input in Inputs.Where(input => !input.IsScalar)) writer.Line($"GC.KeepAlive({input.Name});");
            var values = Results.Select(result => result.IsScalar ? $"{Field(result)}.Span[0]" : Field(result)).ToList();
            writer.Line(values.Count == 1 ? $"return {values[0]};" : $"return ({string.Join(", ", values)});");
        }
    }

    private static string Number(SignatureItem item) => item.Name.TrimStart('@') + "Number";

    private static string Dtype(ElementType element) => element switch
    {
        ElementType.F32 => "Float32",
        ElementType.F64 => "Float64",
        ElementType.I32 => "Int32",
        ElementType.I64 => "Int64",
        _ => "Bool",
    };
}
