using FeedbackNN;
using FnnBench;
using FnnBench.Models;

// Our side of the workloads startup and memory: a program as a user has it, with nothing else in it. FNN_THREADS is set by who starts it.
var (pixels, labels) = FirstStepTask.Batch();
using var model = new Perceptron(seed: 3);
for (var i = 0; i < model.AllParameters.Count; i++) FirstStepTask.Numbers(model.AllParameters[i].Value.Length, (uint)(2 + i), 0.05f).CopyTo(model.AllParameters[i].Value);
using var trainer = new PerceptronSgd(model);
trainer.Optimizer.LearningRate = FirstStepTask.LearningRate;
using var x = new Tensor<float, Batch, Pixels>(pixels, FirstStepTask.BatchSize, FirstStepTask.Pixels);
using var label = new Tensor<int, Batch>(labels, FirstStepTask.BatchSize);
FirstStepTask.Report(trainer.Step(new PerceptronSgd.MiniBatch(x, label)).Loss);
