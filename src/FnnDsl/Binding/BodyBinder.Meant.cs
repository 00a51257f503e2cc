using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// What a member of a family with errors was meant to be: its class stays, so that C# that uses it has no errors of its own. Whoever asks listens to nothing that is reported here.
internal sealed partial class BodyBinder
{
    /// <summary>The instance that a member of a family of models was meant to be: of the family that it names or nearly names, with the config that is right. Null where no family is meant.</summary>
    public LayerInstance? MeantByMember(ModelMemberSymbol member)
    {
        if (MeantFamily(member, symbol => symbol is CallableSymbol { Kind: CallableKind.Model, Declaration.Config: not null }) is not var (symbol, arguments)) return null;
        var family = (CallableSymbol)symbol;
        var target = new Frame(family, frame, member.Syntax.Span);
        BindMeant(new BodyBinder(context, target), family.Declaration.Config ?? default, arguments, 0);
        return new LayerInstance(family, target.Config, target.Notes);
    }

    /// <summary>The train that a member of a family of trains was meant to be; null where no family is meant, or a network can't be told.</summary>
    public TrainInstance? MeantByMember(TrainMemberSymbol member)
    {
        if (MeantFamily(member, symbol => symbol is TrainSymbol train && context.Scope.IsFamily(train)) is not var (symbol, arguments)) return null;
        var family = (TrainSymbol)symbol;
        var choices = Choices(family);
        var chosen = new Dictionary<string, Symbol>(StringComparer.Ordinal);
        for (var k = 0; k < choices.Count; k++)
        {
            var models = context.Scope.MembersOf(context.Scope.ChoiceOf(family, family.Declaration.Nets.First(net => net.Name.Text == choices[k].Name.Text))!).ToArray();
            // Any member will do before no class at all.
            var name = (Meant(arguments, choices[k].Name.Text, k)?.Syntax as NameExpression)?.Name ?? "";
            var closest = Spelling.Closest(name, models.Select(model => model.Name));
            if ((models.FirstOrDefault(model => model.Name == name) ?? models.FirstOrDefault(model => model.Name == closest) ?? models.FirstOrDefault()) is not { } found) return null;
            chosen[choices[k].Name.Text] = found;
        }
        var target = new Frame(family, frame, member.Syntax.Span);
        BindMeant(new BodyBinder(context, target), family.Declaration.Config ?? default, arguments, choices.Count);
        return NetUse.Bind(context.Scope, context.Diagnostics, family, family.Declaration.Nets, net => chosen.TryGetValue(net.Name.Text, out var model) ? model : null) is not { } nets ? null
            : new TrainInstance(member, family, nets) { Config = target.Config, Notes = target.Notes, Open = TrainInstance.OpenNames(context.Scope, family), Member = (frame, member.Syntax.Span) };
    }

    /// <summary>The family that a member names, or the one closest to what it names; of a member that names another member, that one's.</summary>
    private (Symbol Family, List<CallArgument> Arguments)? MeantFamily(MemberSymbol member, Func<Symbol, bool> isFamily)
    {
        var (name, arguments) = member.Declaration.Family switch
        {
            CallExpression { Callee: NameExpression callee } call => (callee.Name, Arguments(call)),
            NameExpression bare => (bare.Name, []),
            _ => ("", new List<CallArgument>()),
        };
        var found = context.Scope.FindFamily(member.Namespace, name);
        if (found is null && Spelling.Closest(name, context.Scope.NamesVisibleFrom(member.Namespace, false).Where(other => context.Scope.Find(member.Namespace, other, false) is { } symbol && isFamily(symbol))) is { } closest)
        {
            found = context.Scope.Find(member.Namespace, closest, false);
        }
        if (found is not null && isFamily(found)) return (found, arguments);
        if (found is not MemberSymbol other || other == member || context.Scope.FamilyOf(other) is not { } family || !isFamily(family)) return null;
        return (family, member.Declaration.Family is CallExpression ? arguments : Arguments((CallExpression)other.Declaration.Family));
    }

    /// <summary>Gives config what is right of the arguments, and else what stands for config that nobody has given; a size without any is 1.</summary>
    /// <param name="first">How many arguments without a name stand before those of the config.</param>
    private void BindMeant(BodyBinder callee, EquatableArray<ParameterSyntax> config, List<CallArgument> arguments, int first)
    {
        for (var k = 0; k < config.Count; k++)
        {
            var parameter = config[k];
            var argument = Meant(arguments, parameter.Name.Text, first + k) ?? arguments.FirstOrDefault(other => other.Name is { } near && Spelling.Closest(near.Text, config.Select(item => item.Name.Text)) == parameter.Name.Text);
            var value = argument?.Bind(this) is { } given and not PoisonOperand ? ConvertConfig(callee, parameter, given, argument.Span) : null;
            callee.Frame.Config[parameter.Name.Text] = value ?? (callee.SymbolicConfig(parameter) is var open && open is SizeOperand { Size: var size } && !size.TryGetConstant(out _) ? new SizeOperand(Size.One) : open);
        }
    }

    private static CallArgument? Meant(List<CallArgument> arguments, string name, int position) =>
        arguments.FirstOrDefault(argument => argument.Name?.Text == name) ?? arguments.Where(argument => argument.Name is null).ElementAtOrDefault(position);
}
