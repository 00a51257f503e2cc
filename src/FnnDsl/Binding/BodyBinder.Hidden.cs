using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

// Names of values that stand for something else as well: 'mean' of a body in which there is a line 'mean = mean(x)'.
internal sealed partial class BodyBinder
{
    /// <summary>Reports that something can't be called, and what it hides, where its name is also that of something to call.</summary>
    private Operand FailToCall(Operand callee, Expression syntax, string where = "")
    {
        var hidden = syntax is NameExpression name ? HiddenBy(name.Name) : null;
        if (hidden is null) return Fail(DiagnosticTable.NotCallable, syntax.Span, Describe(callee) + where);
        var word = ((NameExpression)syntax).Name;
        var labels = BindingOf(word, syntax.Span) is { } place ? new[] { new Label(place, $"from here on '{word}' is this value, which hides {hidden}") } : [];
        Report(DiagnosticTable.NotCallable, syntax.Span, labels, $"give the value '{word}' another name; it hides {hidden}", Describe(callee) + where);
        return Poison;
    }

    /// <summary>What a name would stand for to be called, without the values, axes and dims that have it too; null for nothing.</summary>
    private string? HiddenBy(string name)
    {
        foreach (var isLibrary in (bool[])[frame.IsLibrary, true])
        {
            switch (context.Scope.Find(frame.Symbol.Namespace, name, isLibrary))
            {
                case CallableSymbol callable: return Describe(new CallableOperand(callable));
                case ModelMemberSymbol member: return Describe(new MemberOperand(member));
            }
        }
        return BuiltIns.IsFunction(name) ? Describe(new BuiltInOperand(name)) : null;
    }

    /// <summary>Where this declaration last gives a value a name before it is read there; where a loop runs again, that may stand behind.</summary>
    private Location? BindingOf(string name, TextSpan read)
    {
        var places = SyntaxChildren.AndSelf(frame.Symbol.Syntax)
            // A line that gives a name binds it when its value is known.
            .Where(node => node is not (Syntax.BindStatement or IndexBindStatement) || node.Span.Start > read.Start || node.Span.End < read.End)
            .SelectMany(NamesGivenBy).Where(given => given.Text == name).Select(given => given.Span).OrderBy(span => span.Start).ToArray();
        if (places.Length > 0) return frame.At(places.LastOrDefault(place => place.Start < read.Start) is { Length: > 0 } before ? before : places[0]);
        return context.Scope.Find(frame.Symbol.Namespace, name, frame.IsLibrary) is { } symbol and (DimSymbol or ConstSymbol) ? symbol.Location : null;
    }

    private static IEnumerable<Identifier> NamesGivenBy(SyntaxNode node) => node switch
    {
        Syntax.BindStatement bind => bind.Targets,
        IndexBindStatement bind => [bind.Target],
        StorageStatement storage => [storage.Name],
        EmitStatement emit => [emit.Name],
        StateSyntax state => [state.Name],
        LoopSource source => [source.Name],
        ParameterSyntax parameter => [parameter.Name],
        NetSyntax net => [net.Name],
        RepeatStatement { Index: { } index } => [index],
        FeedbackStatement { Step: { } step } => [step],
        _ => [],
    };
}
