using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

// Members of families: model Small = Gpt(depth: 4), train FitSmall = Fit(Small, rate: 1e-3).
internal sealed partial class BodyBinder
{
    /// <summary>The instance that a member of a family stands for: the family with the member's config.</summary>
    public LayerInstance? InstanceOfMember(ModelMemberSymbol member)
    {
        if (!EnterMember(member)) return null;
        try
        {
            var binder = new BodyBinder(context, new Frame(member, null, default));
            if (binder.FamilyOf(member, DiagnosticTable.NotAModel, "model A = Family(config)") is not var (found, call)) return null;
            if (found is CallableSymbol { Kind: CallableKind.Model } family) return binder.MakeInstance(new CallableOperand(family), Arguments(call), call.Span);
            binder.Report(DiagnosticTable.NotAModel, call.Callee.Span, found.Name, found is ModelMemberSymbol ? " with config: it is a member of a family itself" : found is CallableSymbol { Kind: CallableKind.Model } ? " with config" : "");
            return null;
        }
        finally
        {
            context.Depth--;
        }
    }

    /// <summary>The train that a member of a family stands for: the family with the member's networks and config.</summary>
    public TrainInstance? TrainOfMember(TrainMemberSymbol member)
    {
        if (FamilyOf(member, DiagnosticTable.NotATrainFamily, "train A = Family(networks, config)") is not var (found, call)) return null;
        if (found is not TrainSymbol family || !context.Scope.IsFamily(family))
        {
            var why = found is TrainMemberSymbol ? ": it is a member of one" : found is TrainSymbol ? ": it has no config, and the models of its networks are no families" : "";
            Report(DiagnosticTable.NotATrainFamily, call.Callee.Span, found.Name, why);
            return null;
        }
        var arguments = Arguments(call);
        if (arguments.FirstOrDefault(argument => argument.Name is { } name && family.Declaration.Nets.Any(net => net.Name.Text == name.Text && context.Scope.ChoiceOf(family, net) is null)) is { Name: { } given })
        {
            var fixedNet = family.Declaration.Nets.First(net => net.Name.Text == given.Text);
            Report(DiagnosticTable.UnknownArgument, given.Span, [], $"leave it out: '{fixedNet.Name}' is a {fixedNet.Model} in every member", family.Name, given.Text);
            return null;
        }
        var choices = Choices(family);
        var config = family.Declaration.Config ?? default;
        if (MatchArguments(family.Name, choices.Concat(config).ToEquatableArray(), arguments, call.Span, parameter => choices.Contains(parameter) ? $"a member of '{parameter.Type.Element}'" : DescribeParameter(parameter)) is not { } values) return null;
        var chosen = new Dictionary<string, Symbol>(StringComparer.Ordinal);
        foreach (var net in family.Declaration.Nets)
        {
            if (context.Scope.ChoiceOf(family, net) is not { } models) continue;
            if (Chosen(family, net, models, values[net.Name.Text].Syntax) is not { } model) return null;
            chosen[net.Name.Text] = model;
        }
        var target = new Frame(family, frame, call.Span);
        if (!BindConfig(new BodyBinder(context, target), config, values, null)) return null;
        if (NetUse.Bind(context.Scope, context.Diagnostics, family, family.Declaration.Nets, net => chosen.TryGetValue(net.Name.Text, out var model) ? model : null) is not { } nets) return null;
        return new TrainInstance(member, family, nets) { Config = target.Config, Notes = target.Notes, Open = TrainInstance.OpenNames(context.Scope, family), Member = (frame, call.Span) };
    }

    /// <summary>The networks that a member of a family of trains chooses, as the first of its parameters.</summary>
    private EquatableArray<ParameterSyntax> Choices(TrainSymbol family) => family.Declaration.Nets.Where(net => context.Scope.ChoiceOf(family, net) is not null)
        .Select(net => new ParameterSyntax(net.Name, new TypeSyntax(net.Model, null, net.Model.Span), null, net.Span)).ToEquatableArray();

    /// <summary>The model that a member of a family of trains gives a network; null after a diagnostic.</summary>
    private Symbol? Chosen(TrainSymbol family, NetSyntax net, CallableSymbol models, Expression given)
    {
        if (given is not NameExpression name)
        {
            var isMember = given is CallExpression { Callee: NameExpression callee } && callee.Name == net.Model.Text;
            Report(DiagnosticTable.NotAModel, given.Span, [], isMember ? $"declare a member: model My{net.Model} = {TextOf(given.Span)}" : null, TextOf(given.Span), ": the name of one is wanted");
            return null;
        }
        if (NetUse.FindModel(context.Scope, context.Diagnostics, frame.Symbol, net.Name.Text, new Identifier(name.Name, name.Span)) is not { } model) return null;
        // A member that is of no family has an error of its own.
        if (model is ModelMemberSymbol member && (context.Scope.FamilyOf(member) == models || context.Scope.FamilyOf(member) is not CallableSymbol { IsFamily: true })) return model;
        var fitting = context.Scope.MembersOf(models).Select(other => other.Name).ToArray();
        Report(DiagnosticTable.NetsUnfit, given.Span, [], fitting.Length == 0 ? null : $"write {string.Join(" or ", fitting)}", family.Name, $"{net.Name}: {net.Model}", $"'{name.Name}' is no member of '{net.Model}'");
        return null;
    }

    /// <summary>What a member names as its family, and what it gives to it. Null after a diagnostic.</summary>
    /// <param name="notOne">The diagnostic of what is no family.</param>
    /// <param name="form">How a member is written.</param>
    private (Symbol Family, CallExpression Call)? FamilyOf(MemberSymbol member, DiagnosticRow notOne, string form)
    {
        if (member.Declaration.Family is not CallExpression { Callee: NameExpression name } call)
        {
            var fix = member.Declaration.Family is NameExpression bare ? context.Scope.FindFamily(member.Namespace, bare.Name) switch
            {
                CallableSymbol { Kind: CallableKind.Model, Declaration.Config: { } config } known => ParametersFix(known.Name, config),
                TrainSymbol known => ParametersFix(known.Name, Choices(known).Concat(known.Declaration.Config ?? default)),
                MemberSymbol { Declaration.Family: CallExpression written } other when other != member => $"write {other.Source.GetText(written.Span)}",
                _ => null,
            } : null;
            Report(notOne, member.Declaration.Family.Span, [], fix, member.Name, $": a member is written {form}");
            return null;
        }
        if (context.Scope.FindFamily(member.Namespace, name.Name) is { } family) return (family, call);
        if (Lookup(name.Name) is null) ReportUnknown(name.Name, name.Span);
        else Report(notOne, name.Span, name.Name, "");
        return null;
    }

    /// <summary>A model without config, or with defaults for all of it.</summary>
    public LayerInstance? InstanceWithDefaults(CallableSymbol symbol) => MakeInstance(new CallableOperand(symbol), [], symbol.Syntax.Name.Span);

    private bool EnterMember(MemberSymbol member)
    {
        if (++context.Depth <= BindingContext.MaximumDepth) return true;
        context.Depth--;
        context.Diagnostics.Report(DiagnosticTable.EndlessRecursion, member.Location, member.Name, BindingContext.MaximumDepth);
        return false;
    }
}
