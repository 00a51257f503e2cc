using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Checks a generate: a body over trained networks, whose settings are symbolic. This version makes no code of it.</summary>
internal sealed class GenerateBinder(ModuleScope scope, DiagnosticBag diagnostics, GenerateSymbol symbol)
{
    public void Check()
    {
        if (NetUse.Bind(scope, diagnostics, symbol, symbol.Declaration.Nets, out var hasBroken) is not { } nets || hasBroken) return;
        var program = symbol.Declaration.Program;
        var context = new BindingContext(scope, diagnostics, training: false, symbolic: true);
        var frame = new Frame(symbol, null, default);
        if (!NetUse.Enter(context, frame, nets)) return;
        var body = new BodyBinder(context, frame);
        if (body.BindInputs(program.Parameters, program.Where, out _) is null) return;
        body.BindStatements(program.Body);
        if (body.TakeResults(program) is null || diagnostics.HasErrors) return;
        UnusedNames.Check(symbol, diagnostics);
        body.Report(DiagnosticTable.NotCompiledYet, program.Name.Span, "generate", "call the model's Predict in a loop in C#");
    }
}
