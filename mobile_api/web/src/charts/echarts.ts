// The parts of Apache ECharts that are used here, in a chunk of their own that is loaded with the first picture.
import { BarChart, SankeyChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, GeoComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, registerMap, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

import { insetFrames } from './japan';
import japan from './japan.json';

use([AriaComponent, BarChart, GeoComponent, GridComponent, LegendComponent, SankeyChart, ScatterChart, SVGRenderer, TooltipComponent]);
registerMap('japan', { type: 'FeatureCollection', features: [...japan.features, insetFrames] } as never);

export { init };
