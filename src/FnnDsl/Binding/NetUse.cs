using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>A network of a declaration that uses models, such as a train: its name there, its model, and what it owns.</summary>
/// <param name="IsBroken">Whether the model has errors, which are reported with it: of what it owns only a part is known then.</param>
internal sealed record NetUse(Identifier Identifier, Symbol Model, NetStorage Storage, bool IsBroken)
{
    public string Name => Identifier.Text;

    public BoundNet Bound => new(Name, Model.Namespace, Model.Name);

    /// <summary>Which of them has a name; their number where none has.</summary>
    public static int IndexOf(IReadOnlyList<NetUse> nets, string name) => nets.TakeWhile(net => net.Name != name).Count();

    /// <summary>The networks of a declaration's head; null after a diagnostic.</summary>
    /// <param name="hasBroken">Whether one of the models has errors, which are reported with it.</param>
    public static IReadOnlyList<NetUse>? Bind(ModuleScope scope, DiagnosticBag diagnostics, Symbol symbol, EquatableArray<NetSyntax> nets, out bool hasBroken)
    {
        hasBroken = false;
        var found = new List<NetUse>();
        foreach (var net in nets)
        {
            if (found.Any(other => other.Name == net.Name.Text))
            {
                diagnostics.Report(DiagnosticTable.NetTwice, new Location(symbol.Source, net.Name.Span), net.Name.Text);
                return null;
            }
            if (FindModel(scope, diagnostics, symbol, net.Name.Text, net.Model) is not { } model) return null;
            // What is wrong in the model is reported with the model, not once more here.
            var bound = scope.Bound(model);
            if (bound.Signature is null) return null;
            hasBroken |= bound.Result is null;
            found.Add(new NetUse(net.Name, model, bound.Storage, bound.Result is null));
        }
        return found;
    }

    /// <summary>The model of a name, or the member of a family; null after a diagnostic.</summary>
    /// <param name="takesFamilies">Whether a family will do.</param>
    public static Symbol? FindModel(ModuleScope scope, DiagnosticBag diagnostics, Symbol symbol, string netName, Identifier name, bool takesFamilies = false)
    {
        var location = new Location(symbol.Source, name.Span);
        switch (scope.Find(symbol.Namespace, name.Text, false))
        {
            case null:
                var models = scope.UserSymbols.Where(other => other is MemberSymbol or CallableSymbol { Kind: CallableKind.Model }).Select(other => other.Name);
                diagnostics.Report(DiagnosticTable.UnknownName, location, Spelling.Fix(name.Text, models), default, name.Text);
                return null;
            case CallableSymbol { IsFamily: true } when !takesFamilies:
                diagnostics.Report(DiagnosticTable.NotAModel, location, $"declare a member: model {netName} = {name.Text}(...)", default, name.Text, ": it is a family");
                return null;
            case (MemberSymbol or CallableSymbol { Kind: CallableKind.Model }) and var found:
                return found;
            default:
                diagnostics.Report(DiagnosticTable.NotAModel, location, name.Text, "");
                return null;
        }
    }

    /// <summary>Makes the networks values of a body. False after a diagnostic.</summary>
    public static bool Enter(BindingContext context, Frame frame, IReadOnlyList<NetUse> nets)
    {
        for (var k = 0; k < nets.Count; k++)
        {
            if (ModelBinder.InstanceOf(context, nets[k].Model) is not { } instance) return false;
            instance.Path = "";
            instance.DisplayNameOverride = nets[k].Name;
            instance.Net = nets[k].Storage.At(k);
            frame.Values[nets[k].Name] = new InstanceOperand(instance);
            new BodyBinder(context, frame).Note(nets[k].Identifier.Span, frame.Values[nets[k].Name]);
        }
        return true;
    }
}
