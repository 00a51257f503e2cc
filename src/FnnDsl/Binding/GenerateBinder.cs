using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Checks a generate: a body over trained networks, whose settings are symbolic. This version makes no code of it.</summary>
internal sealed class GenerateBinder(ModuleScope scope, DiagnosticBag diagnostics, GenerateSymbol symbol)
{
    /// <summary>Whether a parameter is a number that the caller gives at run time, such as <c>temperature: f32 = 1</c>: a scalar, not a setting.</summary>
    public static bool IsScalar(Symbol symbol, ParameterSyntax parameter) =>
        symbol is GenerateSymbol && parameter.Type.Axes is null && parameter.Type.Element.Text is "f32" or "f64" or "i32" or "i64";

    public void Check()
    {
        if (NetUse.Bind(scope, diagnostics, symbol, symbol.Declaration.Nets, out var hasBroken) is not { } nets || hasBroken) return;
        var program = symbol.Declaration.Program;
        var context = new BindingContext(scope, diagnostics, training: false, symbolic: true);
        var frame = new Frame(symbol, null, default);
        if (!NetUse.Enter(context, frame, nets)) return;
        var body = new BodyBinder(context, frame);
        var inputs = program.Parameters.Select(parameter => IsScalar(symbol, parameter)
            ? parameter with { Type = parameter.Type with { Axes = EquatableArray<AxisSyntax>.Empty }, Default = null } : parameter).ToEquatableArray();
        if (body.BindInputs(inputs, program.Where, out _) is null) return;
        body.BindStatements(program.Body);
        if (body.TakeResults(program) is null || diagnostics.HasErrors) return;
        UnusedNames.Check(symbol, diagnostics);
        body.Report(DiagnosticTable.NotCompiledYet, program.Name.Span, "generate", "call the model's Predict in a loop in C#");
    }
}
