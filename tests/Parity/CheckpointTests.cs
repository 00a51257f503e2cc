namespace FeedbackNN.Parity;

/// <summary>
/// Files with the names and layouts that Hugging Face and Meta give GPT-2, Llama and BERT, made up with random numbers: each weight is read from where it belongs, what is written is the file that was read, and
/// what does not fit changes nothing.
/// </summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-checkpoints-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("transformer.")]
    [InlineData("")]
    public void Gpt2_is_read_and_written_as_Hugging_Face_has_it(string prefix)
    {
        var file = new MadeUpFile();
        file.Add(prefix + "wte.weight", 31, 24).Add(prefix + "wpe.weight", 40, 24).Add(prefix + "ln_f.weight", 24).Add(prefix + "ln_f.bias", 24);
        for (var i = 0; i < 2; i++)
        {
            var h = $"{prefix}h.{i}.";
            file.Add(h + "ln_1.weight", 24).Add(h + "ln_1.bias", 24).Add(h + "attn.c_attn.weight", 24, 72).Add(h + "attn.c_attn.bias", 72).Add(h + "attn.c_proj.weight", 24, 24).Add(h + "attn.c_proj.bias", 24)
                .Add(h + "ln_2.weight", 24).Add(h + "ln_2.bias", 24).Add(h + "mlp.c_fc.weight", 24, 96).Add(h + "mlp.c_fc.bias", 96).Add(h + "mlp.c_proj.weight", 96, 24).Add(h + "mlp.c_proj.bias", 24);
        }
        var plain = file.Names.Count;
        file.Add(prefix + "h.0.attn.bias", 1, 1, 40, 40);
        if (prefix.Length > 0) file.Add("lm_head.weight", 31, 24);

        using var net = new Transformers.Gpt(seed: 1);
        var report = net.Load(file.Write(_folder, SafetensorsDtype.Float32), Transformers.Gpt.Checkpoints.HuggingFace);
        Assert.True(report.IsComplete, report.ToString());
        Assert.Equal(plain, report.Mapped.Count);
        Assert.Equal(file[prefix + "wte.weight"], net.Parameters.Wte.Weight.Value.ToArray());
        Assert.Equal(Transposed(file[prefix + "h.1.attn.c_attn.weight"], 24, 72), net.Parameters.H[1].SelfAttn.InProjWeight.Value.ToArray());
        Assert.Equal(Transposed(file[prefix + "h.0.mlp.c_proj.weight"], 96, 24), net.Parameters.H[0].Linear2.Weight.Value.ToArray());
        Assert.Equal(file[prefix + "h.1.ln_2.bias"], net.Parameters.H[1].Norm2.Bias.Value.ToArray());

        AssertWrites(net, Transformers.Gpt.Checkpoints.HuggingFace, file, name => prefix.Length > 0 ? name : name["transformer.".Length..], plain);
    }

    [Theory]
    [InlineData(SafetensorsDtype.Float32)]
    [InlineData(SafetensorsDtype.BFloat16)]
    [InlineData(SafetensorsDtype.Float16)]
    [InlineData(SafetensorsDtype.Float64)]
    public void Llama_is_read_and_written_as_Hugging_Face_has_it(SafetensorsDtype dtype)
    {
        var file = HuggingFacesLlama(2);
        using var net = new Transformers.Llama(seed: 1);
        var report = net.Load(file.Write(_folder, dtype), Transformers.Llama.Checkpoints.HuggingFace);
        Assert.True(report.IsComplete, report.ToString());
        Assert.Equal(file.Names.Count, report.Mapped.Count);
        foreach (var i in new[] { 0, 1 })
        {
            var l = $"model.layers.{i}.";
            var joined = new[] { "q", "k", "v" }.SelectMany(part => file[$"{l}self_attn.{part}_proj.weight"]).ToArray();
            Assert.Equal(joined, net.Parameters.Layers[i].SelfAttn.InProjWeight.Value.ToArray());
            Assert.Equal(file[l + "mlp.down_proj.weight"], net.Parameters.Layers[i].Mlp.DownProj.Weight.Value.ToArray());
        }
        AssertWrites(net, Transformers.Llama.Checkpoints.HuggingFace, file, name => name, file.Names.Count);
    }

    /// <summary>In Meta's files the two rows that turn together are neighbours; what the model computes is the same.</summary>
    [Fact]
    public void Llama_is_read_and_written_as_Meta_has_it()
    {
        var file = new MadeUpFile().Add("tok_embeddings.weight", 31, 24).Add("norm.weight", 24);
        for (var i = 0; i < 2; i++)
        {
            var l = $"layers.{i}.";
            file.Add(l + "attention_norm.weight", 24).Add(l + "attention.wq.weight", 24, 24).Add(l + "attention.wk.weight", 8, 24).Add(l + "attention.wv.weight", 8, 24).Add(l + "attention.wo.weight", 24, 24)
                .Add(l + "ffn_norm.weight", 24).Add(l + "feed_forward.w1.weight", 40, 24).Add(l + "feed_forward.w2.weight", 24, 40).Add(l + "feed_forward.w3.weight", 40, 24);
        }
        using var net = new Transformers.Llama(seed: 1);
        Assert.True(net.Load(file.Write(_folder, SafetensorsDtype.Float32), Transformers.Llama.Checkpoints.Meta).IsComplete);
        var inProj = net.Parameters.Layers[1].SelfAttn.InProjWeight.Value.ToArray();
        var (q, k, v) = (file["layers.1.attention.wq.weight"], file["layers.1.attention.wk.weight"], file["layers.1.attention.wv.weight"]);
        // Heads of 4 rows: 0, 2, 1, 3.
        int[] order = [0, 2, 1, 3];
        for (var row = 0; row < 24; row++) Assert.Equal(Row(q, (row / 4 * 4) + order[row % 4]), Row(inProj, row));
        for (var row = 0; row < 8; row++) Assert.Equal(Row(k, (row / 4 * 4) + order[row % 4]), Row(inProj, 24 + row));
        for (var row = 0; row < 8; row++) Assert.Equal(Row(v, row), Row(inProj, 32 + row));
        AssertWrites(net, Transformers.Llama.Checkpoints.Meta, file, name => name, file.Names.Count);

        // The same network, whoever named it.
        var path = Path.Combine(_folder, "hf.safetensors");
        net.Save(path, Transformers.Llama.Checkpoints.HuggingFace);
        using var other = new Transformers.Llama(seed: 2);
        Assert.True(other.Load(path, Transformers.Llama.Checkpoints.HuggingFace).IsComplete);
        Assert.All(net.AllParameters.Zip(other.AllParameters), pair => Assert.Equal(pair.First.Value.ToArray(), pair.Second.Value.ToArray()));

        static float[] Row(float[] matrix, int row) => matrix[(24 * row)..(24 * (row + 1))];
    }

    [Theory]
    [InlineData("weight", "bias")]
    [InlineData("gamma", "beta")]
    public void Bert_is_read_as_Hugging_Face_has_it(string scale, string shift)
    {
        var file = HuggingFacesBert("bert.", scale, shift).Add("cls.predictions.transform.dense.weight", 24, 24).Add("cls.predictions.transform.dense.bias", 24)
            .Add("cls.predictions.transform.LayerNorm." + scale, 24).Add("cls.predictions.transform.LayerNorm." + shift, 24).Add("cls.predictions.bias", 31);
        var plain = file.Names.Count;
        file.Add("bert.pooler.dense.weight", 24, 24).Add("bert.pooler.dense.bias", 24).Add("cls.seq_relationship.weight", 2, 24).Add("cls.predictions.decoder.weight", 31, 24);
        var path = file.Write(_folder, SafetensorsDtype.Float32);
        using var net = new Transformers.BertMasked(seed: 1);
        var report = net.Load(path, Transformers.BertMasked.Checkpoints.HuggingFace);
        Assert.True(report.IsComplete, report.ToString());
        Assert.Equal(plain, report.Mapped.Count);
        var joined = new[] { "query", "key", "value" }.SelectMany(part => file[$"bert.encoder.layer.1.attention.self.{part}.bias"]).ToArray();
        Assert.Equal(joined, net.Parameters.Bert.Layer[1].SelfAttn.InProjBias.Value.ToArray());
        Assert.Equal(file["bert.embeddings.LayerNorm." + shift], net.Parameters.Bert.Norm.Bias.Value.ToArray());
        Assert.Equal(file["cls.predictions.bias"], net.Parameters.Bias.Value.ToArray());
        if (scale == "weight") AssertWrites(net, Transformers.BertMasked.Checkpoints.HuggingFace, file, name => name, plain);

        // The body alone, and the body with a head that the file does not have.
        using var body = new Transformers.Bert(seed: 1);
        Assert.True(body.Load(path, Transformers.Bert.Checkpoints.HuggingFace).IsComplete);
        Assert.Equal(net.Parameters.Bert.Layer[0].Linear1.Weight.Value.ToArray(), body.Parameters.Layer[0].Linear1.Weight.Value.ToArray());
        using var classifier = new Transformers.BertClassifier(seed: 1);
        var head = classifier.Parameters.Classifier.Weight.Value.ToArray();
        Assert.Throws<CheckpointException>(() => classifier.Load(path, Transformers.BertClassifier.Checkpoints.HuggingFace));
        report = classifier.Load(path, Transformers.BertClassifier.Checkpoints.HuggingFace, allowMissing: true);
        Assert.Equal(["classifier.weight", "classifier.bias"], report.Missing.Select(weight => weight.Path));
        Assert.Equal(head, classifier.Parameters.Classifier.Weight.Value.ToArray());
        Assert.Equal(file["bert.pooler.dense.weight"], classifier.Parameters.Pooler.Weight.Value.ToArray());
    }

    [Fact]
    public void An_output_layer_that_the_file_leaves_out_is_the_embedding()
    {
        var file = HuggingFacesLlama(1, groups: 2, heads: 2);
        using var net = new Transformers.LlamaWithHead(seed: 1);
        var report = net.Load(file.Write(_folder, SafetensorsDtype.Float32), Transformers.LlamaWithHead.Checkpoints.HuggingFace);
        Assert.True(report.IsComplete, report.ToString());
        Assert.Contains(new MappedWeight("lm_head.weight", "embed_tokens.weight"), report.Mapped);
        Assert.Equal(file["model.embed_tokens.weight"], net.Parameters.LmHead.Weight.Value.ToArray());

        file.Add("lm_head.weight", 31, 24);
        Assert.True(net.Load(file.Write(_folder, SafetensorsDtype.Float32), Transformers.LlamaWithHead.Checkpoints.HuggingFace).IsComplete);
        Assert.Equal(file["lm_head.weight"], net.Parameters.LmHead.Weight.Value.ToArray());
        // A member whose output is the embedding takes no notice of it.
        AssertWrites(net, Transformers.LlamaWithHead.Checkpoints.HuggingFace, file, name => name, file.Names.Count);
    }

    [Fact]
    public void A_file_that_does_not_fit_is_told_in_full_and_changes_nothing()
    {
        var file = HuggingFacesLlama(2);
        file.Remove("model.layers.1.self_attn.k_proj.weight");
        file.Remove("model.norm.weight");
        file.Add("model.norm.weight", 25).Add("model.layers.2.mlp.up_proj.weight", 40, 24).Add("other", 3);
        var path = file.Write(_folder, SafetensorsDtype.Float32);
        using var net = new Transformers.Llama(seed: 1);
        var before = net.AllParameters.Select(parameter => parameter.Value.ToArray()).ToArray();
        var error = Assert.Throws<CheckpointException>(() => net.Load(path, Transformers.Llama.Checkpoints.HuggingFace, allowMissing: true, allowExtra: true));
        Assert.Contains("model.norm.weight is F32[25] and should be F32[24]", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<CheckpointException>(() => net.Load(path, Transformers.Llama.Checkpoints.HuggingFace));
        Assert.Contains("missing in the file (1): model.layers.1.self_attn.k_proj.weight (for layers.1.self_attn.in_proj_weight)", error.Message, StringComparison.Ordinal);
        Assert.Contains("extra in the file (2): ", error.Message, StringComparison.Ordinal);
        Assert.All(net.AllParameters.Zip(before), pair => Assert.Equal(pair.Second, pair.First.Value.ToArray()));
        var report = net.Compare(path, Transformers.Llama.Checkpoints.HuggingFace);
        Assert.Equal(["model.layers.2.mlp.up_proj.weight", "other"], report.Extra.Order(StringComparer.Ordinal));
        Assert.Throws<ArgumentException>(() => net.Load(path, Transformers.LlamaWithHead.Checkpoints.HuggingFace));
    }

    // What is saved is the file that was loaded, tensor by tensor and bit by bit, as floats of 32 bits.
    private void AssertWrites(Model net, CheckpointMapping mapping, MadeUpFile expected, Func<string, string> nameOf, int count)
    {
        var path = Path.Combine(_folder, "written.safetensors");
        net.Save(path, mapping);
        using var written = SafetensorsFile.Read(path);
        Assert.Equal(count, written.Tensors.Count);
        Assert.Equal("pt", written.Metadata["format"]);
        foreach (var tensor in written.Tensors)
        {
            Assert.Equal(expected.Shapes[nameOf(tensor.Name)], tensor.Shape);
            Assert.Equal(expected[nameOf(tensor.Name)], written.ToArray<float>(tensor.Name));
        }
    }

    private static MadeUpFile HuggingFacesLlama(int layers, int groups = 2, int heads = 6)
    {
        var shared = 24 / heads * groups;
        var file = new MadeUpFile().Add("model.embed_tokens.weight", 31, 24).Add("model.norm.weight", 24);
        for (var i = 0; i < layers; i++)
        {
            var l = $"model.layers.{i}.";
            file.Add(l + "input_layernorm.weight", 24).Add(l + "self_attn.q_proj.weight", 24, 24).Add(l + "self_attn.k_proj.weight", shared, 24).Add(l + "self_attn.v_proj.weight", shared, 24)
                .Add(l + "self_attn.o_proj.weight", 24, 24).Add(l + "post_attention_layernorm.weight", 24).Add(l + "mlp.gate_proj.weight", 40, 24).Add(l + "mlp.up_proj.weight", 40, 24).Add(l + "mlp.down_proj.weight", 24, 40);
        }
        return file;
    }

    private static MadeUpFile HuggingFacesBert(string prefix, string scale, string shift)
    {
        var file = new MadeUpFile().Add(prefix + "embeddings.word_embeddings.weight", 31, 24).Add(prefix + "embeddings.position_embeddings.weight", 40, 24).Add(prefix + "embeddings.token_type_embeddings.weight", 2, 24);
        Norm("embeddings");
        for (var i = 0; i < 2; i++)
        {
            var l = $"encoder.layer.{i}.";
            foreach (var part in new[] { "query", "key", "value" }) Linear($"{l}attention.self.{part}", 24, 24);
            Linear(l + "attention.output.dense", 24, 24);
            Norm(l + "attention.output");
            Linear(l + "intermediate.dense", 40, 24);
            Linear(l + "output.dense", 24, 40);
            Norm(l + "output");
        }
        return file;

        void Norm(string name) => file.Add($"{prefix}{name}.LayerNorm.{scale}", 24).Add($"{prefix}{name}.LayerNorm.{shift}", 24);
        void Linear(string name, int rows, int columns) => file.Add($"{prefix}{name}.weight", rows, columns).Add($"{prefix}{name}.bias", rows);
    }

    private static float[] Transposed(float[] matrix, int rows, int columns) =>
        Enumerable.Range(0, matrix.Length).Select(k => matrix[(k % rows * columns) + (k / rows)]).ToArray();

    /// <summary>Tensors by name, of numbers that bfloat16 has exactly.</summary>
    private sealed class MadeUpFile
    {
        private readonly Random _random = new(3);
        private readonly Dictionary<string, float[]> _values = [];

        public Dictionary<string, long[]> Shapes { get; } = [];

        public IReadOnlyCollection<string> Names => _values.Keys;

        public float[] this[string name] => _values[name];

        public MadeUpFile Add(string name, params long[] shape)
        {
            Shapes.Add(name, shape);
            _values.Add(name, Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => _random.Next(-127, 128) / 64f).ToArray());
            return this;
        }

        public void Remove(string name)
        {
            Shapes.Remove(name);
            _values.Remove(name);
        }

        public string Write(string folder, SafetensorsDtype dtype)
        {
            var path = Path.Combine(folder, "file.safetensors");
            SafetensorsFile.Write(path, _values.Select(pair => Entry(pair.Key, pair.Value, dtype)).ToArray());
            return path;
        }

        private SafetensorsEntry Entry(string name, float[] values, SafetensorsDtype dtype) => dtype switch
        {
            SafetensorsDtype.Float64 => SafetensorsEntry.From(name, Shapes[name], Array.ConvertAll(values, value => (double)value)),
            SafetensorsDtype.Float16 => SafetensorsEntry.From(name, Shapes[name], Array.ConvertAll(values, value => (Half)value)),
            SafetensorsDtype.BFloat16 => new SafetensorsEntry(name, dtype, Shapes[name], values.SelectMany(value => BitConverter.GetBytes((ushort)(BitConverter.SingleToInt32Bits(value) >> 16))).ToArray()),
            _ => SafetensorsEntry.From(name, Shapes[name], values),
        };
    }
}
