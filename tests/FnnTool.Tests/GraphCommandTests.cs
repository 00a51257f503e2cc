using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace FeedbackNN.Tool.Tests;

/// <summary><c>fnn graph</c>: Mermaid that is Mermaid, and pages that need nothing else.</summary>
public sealed class GraphCommandTests : IDisposable
{
    private const string Models = """
        namespace Drawn

        model Digits(x: f32[batch, 784]) -> f32[batch, 10] {
            fc1 = linear(128); fc2 = linear(10)
            return x |> fc1 |> relu |> fc2
        }

        model Reader(x: f32[batch, time, 4]) -> f32[batch, 2] {
            read = gru(8); say = linear(2)
            return say(read(x)[:, -1])
        }

        model Rest(x: f32[batch, 64]) -> f32[batch, 10] {
            inject = linear(16); mix = linear(16, bias: false); head = linear(10)
            u = inject(x)
            feedback (z: f32[batch, 16] = 0) to fixed_point(tol: 1e-4, at_most: 40) { z <- tanh(mix(z) + u) }
            return head(z)
        }

        model Tower(x: f32[batch, 8]) -> f32[batch, 8] {
            repeat 12 as i : blocks { x = x + relu(linear(8)(x)) }
            return -x * 2 |> tanh
        }
        """;

    private readonly ToolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Layers_and_stages_are_nodes_and_types_stand_on_the_arrows()
    {
        var chart = Chart("Digits");
        Assert.Equal("Drawn.Digits", chart.Model);
        Assert.Equal(["x\nf32[batch, 784]", "fc1\nlinear(128)", "relu", "fc2\nlinear(10)", "result\nf32[batch, 10]"], chart.Nodes.Values);
        Assert.Empty(chart.Subgraphs);
        Assert.True(chart.Has("x\nf32[batch, 784]", "fc1\nlinear(128)", "f32[batch, 784]"));
        Assert.True(chart.Has("relu", "fc2\nlinear(10)", "f32[batch, 128]"));
    }

    [Fact]
    public void A_loop_in_a_layer_is_a_subgraph_with_a_dashed_line_for_its_state()
    {
        var chart = Chart("Reader");
        Assert.Equal(["read: gru(8, 1)", "feedback over x_t in x along time"], chart.Subgraphs.Select(subgraph => subgraph.Title));
        Assert.Equal([chart.Subgraphs[1].Id], chart.Subgraphs[0].Inside);
        var back = Assert.Single(chart.Lines, line => line.IsDashed);
        Assert.Equal("h: f32[batch, 8]", back.Label);
        Assert.Equal(chart["h\nf32[batch, 8]"], back.To);
        Assert.All(new[] { back.From, back.To }, id => Assert.Contains(id, chart.Subgraphs[1].Inside));
        Assert.True(chart.Has("x\nf32[batch, time, 4]", "x_t, step by step", "f32[batch, time, 4]"));
    }

    [Fact]
    public void An_equilibrium_is_a_loop_and_copies_are_one()
    {
        var rest = Chart("Rest");
        Assert.Equal("feedback to fixed_point(tol: 1e-4, at_most: 40)", Assert.Single(rest.Subgraphs).Title);
        Assert.True(rest.Has("z <- tanh(mix(z) + u)", "z\nf32[batch, 16]", "z: f32[batch, 16]", isDashed: true));
        Assert.True(rest.Has("inject\nlinear(16)", "z <- tanh(mix(z) + u)", "f32[batch, 16]"));

        var tower = Chart("Tower");
        Assert.Equal("× 12", Assert.Single(tower.Subgraphs).Title);
        Assert.Equal(2, tower.Subgraphs[0].Inside.Count);
        Assert.True(tower.Has("x = x + relu(linear(8)(x))", "blocks\nlinear(8)", "f32[batch, 8]", isDashed: true));
        Assert.True(tower.Has("x = x + relu(linear(8)(x))", "-x * 2", "f32[batch, 8]"));
    }

    [Fact]
    public void All_models_of_the_corpus_are_charts_and_pictures()
    {
        var corpus = Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "corpus", "good");
        var charts = 0;
        foreach (var file in Directory.GetFiles(corpus, "*.fnn").Order(StringComparer.Ordinal))
        {
            var (exitCode, output, errors) = Graph(file, null, null);
            // Some have layers only.
            if (exitCode == 2 && errors.StartsWith("There is no model in these files", StringComparison.Ordinal)) continue;
            Assert.True(exitCode == 0, errors);
            charts += MermaidChart.ReadAll(output).Count;
            var page = Path.Combine(_folder.Path, "page.html");
            Assert.Equal(0, Graph(file, null, page).ExitCode);
            CheckPage(File.ReadAllText(page));
        }
        Assert.True(charts > 80, $"only {charts} models");
    }

    [Fact]
    public void A_page_needs_nothing_else_and_shows_every_part()
    {
        var file = _folder.Write("drawn.fnn", Models);
        var page = Path.Combine(_folder.Path, "drawn.html");
        var (exitCode, output, errors) = Graph(file, null, page);
        Assert.True(exitCode == 0, errors);
        Assert.Equal($"{page}: 4 models\n", output);
        var text = File.ReadAllText(page);
        var pictures = CheckPage(text);
        Assert.Equal(["Drawn.Digits", "Drawn.Reader", "Drawn.Rest", "Drawn.Tower"], pictures.Select(picture => picture.Attribute("aria-label")!.Value));
        Assert.Equal(2, pictures[1].Descendants("g").Count(IsRegion));
        Assert.Contains(pictures[2].Descendants("title"), title => title.Value == "z <- tanh(mix(z) + u)");
        Assert.Equal(1, pictures[1].Elements("path").Count(path => path.Attribute("class")!.Value == "line back"));
        Assert.Equal(4, pictures[0].Elements("path").Count());
    }

    [Fact]
    public void A_page_that_can_not_be_written_and_a_model_that_is_not_there_are_told()
    {
        var file = _folder.Write("drawn.fnn", Models);
        var page = Path.Combine(_folder.Path, "nowhere", "page.html");
        var (exitCode, _, errors) = Graph(file, null, page);
        Assert.Equal(2, exitCode);
        Assert.StartsWith($"{page}: it could not be written, because there is no folder", errors);
        (exitCode, _, errors) = Graph(file, "Digit", null);
        Assert.Equal(2, exitCode);
        Assert.Contains("There is no model 'Digit'.", errors);
    }

    /// <summary>Well-formed pictures, everything inside its region and inside the picture, and no two parts of a region on top of each other.</summary>
    private static List<XElement> CheckPage(string page)
    {
        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("@import", page);
        Assert.All(Regex.Matches(page, @"url\(([^)]*)\)").AsEnumerable(), match => Assert.Equal("#arrow", match.Groups[1].Value));
        var pictures = Regex.Matches(page, @"<svg viewBox=.*?</svg>", RegexOptions.Singleline).Select(match => XElement.Parse(match.Value)).ToList();
        foreach (var picture in pictures)
        {
            var view = picture.Attribute("viewBox")!.Value.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
            var boxes = picture.Elements("g").Select(group => (IsRegion: IsRegion(group), Box: BoxOf(group.Element("rect")!))).ToList();
            var regions = boxes.Where(item => item.IsRegion).Select(item => item.Box).ToList();
            var nodes = boxes.Where(item => !item.IsRegion).Select(item => item.Box).ToList();
            Assert.All(boxes, item => Assert.True(item.Box.X >= view[0] && item.Box.Right <= view[0] + view[2] && item.Box.Y >= view[1] && item.Box.Bottom <= view[1] + view[3]));
            for (var k = 0; k < nodes.Count; k++)
            {
                for (var other = k + 1; other < nodes.Count; other++) Assert.False(Overlap(nodes[k], nodes[other]), $"two nodes of {picture.Attribute("aria-label")} lie on each other");
                Assert.All(regions, region => Assert.True(!Overlap(nodes[k], region) || Contains(region, nodes[k])));
            }
            Assert.All(regions, one => Assert.All(regions, other => Assert.True(!Overlap(one, other) || Contains(one, other) || Contains(other, one))));
        }
        return pictures;

        static bool Overlap(Box a, Box b) => a.X < b.Right && b.X < a.Right && a.Y < b.Bottom && b.Y < a.Bottom;

        static bool Contains(Box outer, Box inner) => outer.X <= inner.X && inner.Right <= outer.Right && outer.Y <= inner.Y && inner.Bottom <= outer.Bottom;
    }

    private static bool IsRegion(XElement group) => group.Attribute("class")!.Value.StartsWith("region", StringComparison.Ordinal);

    private static Box BoxOf(XElement rectangle)
    {
        double Number(string name) => double.Parse(rectangle.Attribute(name)!.Value, CultureInfo.InvariantCulture);
        return new Box(Number("x"), Number("y"), Number("width"), Number("height"));
    }

    private MermaidChart Chart(string model)
    {
        var (exitCode, output, errors) = Graph(_folder.Write("drawn.fnn", Models), model, null);
        Assert.True(exitCode == 0, errors);
        return Assert.Single(MermaidChart.ReadAll(output));
    }

    private static (int ExitCode, string Output, string Errors) Graph(string path, string? model, string? html) => ToolFolder.Run((output, errors) => GraphCommand.Run([path], model, html, output, errors));

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
