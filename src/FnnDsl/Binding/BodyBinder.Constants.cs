using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// Constants: formulas over dims and other constants, bound once in each graph that uses them.
internal sealed partial class BodyBinder
{
    /// <summary>The value of a const in this graph, in the float type of where it is used.</summary>
    public Operand BindConst(ConstSymbol symbol)
    {
        var key = (symbol, Float);
        if (context.Constants.TryGetValue(key, out var known))
        {
            if (known is not null) return known;
            context.Diagnostics.Report(DiagnosticTable.ConstNeedsItself, symbol.Location, symbol.Name);
            return Poison;
        }
        context.Constants[key] = null;
        var origin = Builder.Origin;
        var body = new BodyBinder(context, new Frame(symbol, frame, default) { Real = Float });
        body.BindStatements(EquatableArray<Statement>.Own(symbol.Declaration.Binding));
        Builder.Origin = origin;
        return context.Constants[key] = body.TakeConstant(symbol);
    }

    private Operand TakeConstant(ConstSymbol symbol)
    {
        if (!frame.Values.TryGetValue(symbol.Name, out var value) || value is PoisonOperand) return Poison;
        var span = symbol.Declaration.Binding switch
        {
            IndexBindStatement index => index.Value.Span,
            BindStatement bind => bind.Value.Span,
            var other => other.Span,
        };
        if (value is NumberOperand or SizeOperand or BoolOperand) return value;
        if (value is AdaptingOperand or QuotientOperand) return Adapt(value, Float, span) ?? Poison;
        if (value is not TensorOperand tensor) return Fail(DiagnosticTable.NotATensor, span, $"the const '{symbol.Name}'", Describe(value));
        if (Builder.ConeOf([tensor.Value.Id], _ => false).Any(id => Builder[id].Operation is RandomUniform)) return Fail(DiagnosticTable.ConstIsRandom, span, symbol.Name);
        return tensor;
    }
}
