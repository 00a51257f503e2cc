using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Binds <c>rate 0.1 on net.embed</c>: by how much of the optimizer's learning rate each weight learns. Of several lines that name a weight the last one holds.</summary>
internal sealed class RateBinder(BodyBinder body, ParameterPaths paths)
{
    /// <summary>The weights that a line names; the others take the whole rate.</summary>
    public Dictionary<BoundParameterReference, double> Bind(IEnumerable<RateStatement> statements)
    {
        var rates = new Dictionary<BoundParameterReference, double>();
        foreach (var statement in statements)
        {
            var weights = paths.Resolve(statement.Paths);
            var operand = body.Bind(statement.Factor);
            if (operand is PoisonOperand) continue;
            if (!BodyBinder.TryNumber(operand, out var factor, out _) || factor <= 0)
            {
                var isZero = BodyBinder.TryNumber(operand, out var number, out _) && number == 0;
                body.Report(DiagnosticTable.RateFactor, statement.Factor.Span, [], isZero ? $"write freeze {body.Frame.Source.GetText(statement.Paths[0].Span.Cover(statement.Paths[statement.Paths.Count - 1].Span))}" : null, BodyBinder.Describe(operand));
                continue;
            }
            foreach (var weight in weights) rates[weight] = factor;
        }
        return rates;
    }
}
