using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>A network of a declaration that uses models, such as a train: its name there, its model, and what it owns.</summary>
/// <param name="IsBroken">Whether the model has errors, which are reported with it, is only what a misspelt name means, or is a family of which a member is still to be chosen: of what it owns a part is known at most.</param>
internal sealed record NetUse(Identifier Identifier, Symbol Model, NetStorage Storage, bool IsBroken)
{
    public string Name => Identifier.Text;

    public BoundNet Bound => new(Name, Model.Namespace, Model.Name) { IsChosen = Model is CallableSymbol { IsFamily: true } };

    /// <summary>Which of them has a name; their number where none has.</summary>
    public static int IndexOf(IReadOnlyList<NetUse> nets, string name) => nets.TakeWhile(net => net.Name != name).Count();

    /// <summary>Which of several networks a name means, whatever it says: that of the name, of the one closest to it, or the only one there is; -1 where that can't be told. For the API of what has errors.</summary>
    public static int IndexOfMeant(IReadOnlyList<string> nets, string name)
    {
        for (var k = 0; k < nets.Count; k++)
        {
            if (nets[k] == name) return k;
        }
        var closest = Spelling.Closest(name, nets);
        return nets.Count == 1 ? 0 : closest is null ? -1 : IndexOfMeant(nets, closest);
    }

    /// <summary>The networks of a declaration's head; null after a diagnostic.</summary>
    /// <param name="choose">Gives the model of a network that the head leaves open; null where the head says it. A family stays open: nothing is known of its network.</param>
    public static IReadOnlyList<NetUse>? Bind(ModuleScope scope, DiagnosticBag diagnostics, Symbol symbol, EquatableArray<NetSyntax> nets, Func<NetSyntax, Symbol?>? choose = null)
    {
        var found = new List<NetUse>();
        foreach (var net in nets)
        {
            if (found.Any(other => other.Name == net.Name.Text))
            {
                diagnostics.Report(DiagnosticTable.NetTwice, new Location(symbol.Source, net.Name.Span), net.Name.Text);
                return null;
            }
            if ((choose?.Invoke(net) ?? FindModel(scope, diagnostics, symbol, net.Name.Text, net.Model)) is not { } model)
            {
                // The model that is meant keeps the API.
                if (Closest(scope, net.Model.Text) is not { } meant || scope.Bound(meant) is not { Signature: not null } near) return null;
                found.Add(new NetUse(net.Name, meant, near.Storage, IsBroken: true));
                continue;
            }
            if (model is CallableSymbol { IsFamily: true })
            {
                found.Add(new NetUse(net.Name, model, new NetStorage(0), IsBroken: true));
                continue;
            }
            // What is wrong in the model is reported with the model, not once more here.
            var bound = scope.Bound(model);
            if (bound.Signature is null) return null;
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
                diagnostics.Report(DiagnosticTable.UnknownName, location, Spelling.Fix(name.Text, Models(scope).Select(other => other.Name)), default, name.Text);
                return null;
            case CallableSymbol { IsFamily: true } family when !takesFamilies:
                var members = scope.MembersOf(family).Select(member => member.Name).ToArray();
                diagnostics.Report(DiagnosticTable.NotAModel, location, members.Length > 0 ? $"write {string.Join(" or ", members)}" : $"declare a member: model {netName} = {name.Text}(...)", default, name.Text, ": it is a family");
                return null;
            case (ModelMemberSymbol or CallableSymbol { Kind: CallableKind.Model }) and var found:
                return found;
            default:
                diagnostics.Report(DiagnosticTable.NotAModel, location, name.Text, "");
                return null;
        }
    }

    private static IEnumerable<Symbol> Models(ModuleScope scope) => scope.UserSymbols.Where(other => other is ModelMemberSymbol or CallableSymbol { Kind: CallableKind.Model });

    private static Symbol? Closest(ModuleScope scope, string name)
    {
        var models = Models(scope).Where(model => model is not CallableSymbol { IsFamily: true }).ToArray();
        return Spelling.Closest(name, models.Select(model => model.Name)) is { } closest ? models.First(model => model.Name == closest) : null;
    }

    /// <summary>Makes the networks values of a body; of one that is broken nothing is known, and what is made of it stays silent. False after a diagnostic.</summary>
    public static bool Enter(BindingContext context, Frame frame, IReadOnlyList<NetUse> nets)
    {
        for (var k = 0; k < nets.Count; k++)
        {
            if (nets[k].IsBroken)
            {
                frame.Values[nets[k].Name] = BodyBinder.Poison;
                continue;
            }
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
